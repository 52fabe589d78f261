"""Attributes of a task that are parts of its stored request: they can be set until it is stored.

A request stays the text that it is; only a task whose author sets something has it rewritten.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from durable_wf.codec import decode, encode
from durable_wf.retry import INFINITE

if TYPE_CHECKING:
    from collections.abc import Callable

    from durable_wf.authoring.tasks import WorkflowTask

V = TypeVar("V")


class Setting(Generic[V]):
    """One such attribute.

    key      in the request
    section  the mapping inside the request that has it: `policy`; `operation`, which only operations have; or none
    default  what a request means that does not have it; it is not written
    check    gives what is written for what an author sets; raises ValueError or TypeError
    """

    def __init__(self, key: str, check: Callable[[str, Any], Any], *, section: str = "", default: Any = None) -> None:
        self._key = key
        self._check = check
        self._section = section
        self._default = default

    @overload
    def __get__(self, task: None, owner: type) -> Setting[V]: ...
    @overload
    def __get__(self, task: WorkflowTask, owner: type) -> V: ...
    def __get__(self, task: WorkflowTask | None, owner: type) -> Any:
        if task is None:
            return self
        body = decode(task.spec.request)
        return body.get(self._section, body).get(self._key, self._default)

    def __set__(self, task: WorkflowTask, value: V) -> None:
        checked = self._check(self._key, value)
        body = decode(task.spec.request)
        section = body.get(self._section, body)
        if section.get(self._key, self._default) == checked:
            return
        task.refuse_if_stored(self._key)
        if checked == self._default:
            section.pop(self._key, None)
        else:
            section[self._key] = checked
        task.spec.request = encode(body, what=f"{self._key} of {task!r}")


def retries(key: str, value: Any) -> int:
    """A number of retries, -1 for no limit."""
    if isinstance(value, bool) or not isinstance(value, int) or value < INFINITE:
        text = f"{key} is {value!r}; it is a number of retries, or -1 for no limit"
        raise ValueError(text)
    return value


def seconds(key: str, value: Any) -> float:
    """A length of time in seconds."""
    found = instant(key, value)
    if found is None or found < 0:
        text = f"{key} is {value!r}; it is a number of seconds, not below 0"
        raise ValueError(text)
    return found


def instant(key: str, value: Any) -> float | None:
    """Seconds since the epoch, or None."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        text = f"{key} is {value!r}; it is a number of seconds"
        raise ValueError(text)
    return float(value)


def length(key: str, value: Any) -> float | None:
    """A length of time in seconds, or None for no limit."""
    return None if value is None else seconds(key, value)


def flag(key: str, value: Any) -> bool | None:
    """True, False, or None where nothing is said."""
    del key
    return None if value is None else bool(value)
