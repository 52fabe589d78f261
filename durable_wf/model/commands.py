"""Orders of the core to its shell. They are performed after the commit of the changes beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from durable_wf.model.states import X


class HandOut(NamedTuple):
    """Give this attempt to a worker."""

    no: int
    attempt: int


class Cause(NamedTuple):
    """A failed task, for the text of a failure."""

    no: int
    name: str
    target: str
    request: str
    detail_json: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """Let the blocked workflow function go on.

    no           the task that a `Gets` waited for, or 0
    detail_json  its outcome's detail
    failed       numbers of the tasks whose failure this answer shows; empty when all is well
    seq          the seq of what is answered: the view, for a refresh
    causes       the failed tasks, in the order of `failed`
    """

    no: int
    detail_json: str | None
    failed: tuple[int, ...]
    seq: int
    causes: tuple[Cause, ...] = ()


class Arm(NamedTuple):
    """Tell the core `Due(timer)` after `delay_us`, by boot time."""

    timer: tuple[str, int]
    delay_us: int


@dataclass(frozen=True, slots=True)
class Over:
    """The execution has a runner no more: it ended, or lies down.

    state  terminated, failed, cancelled or interrupted
    asks   numbers of the tasks whose unknown outcome a person must settle
    """

    state: X
    asks: tuple[int, ...] = ()


Command = HandOut | Answer | Arm | Over
