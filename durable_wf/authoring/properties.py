"""Mappings that contexts hand out: ones that may only be read, and ones that know whether they were changed.

What is inside of them is a copy of the operation's own, and is not protected: plugins change what they find there
(workflow-api §7.3), and json, yaml and pickle take plain lists and dicts only.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, NoReturn

from durable_wf.authoring.exceptions import NonRecoverableError
from durable_wf.codec import encode
from durable_wf.errors import DurableError

if TYPE_CHECKING:
    from collections.abc import Callable

READ_ONLY = "Cannot override read only properties"
FAR_END = "Cannot modify runtime properties of relationship node instances"


class ImmutableProperties(dict[str, Any]):
    """A mapping that may be read only."""

    message = READ_ONLY

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise NonRecoverableError(self.message)

    __setitem__ = __delitem__ = update = clear = pop = popitem = setdefault = _refuse
    __ior__ = _refuse

    def copy(self) -> dict[str, Any]:
        """A plain dict, which may be changed."""
        return dict(self)

    def __reduce__(self) -> tuple[Any, ...]:
        """A deep copy is a plain dict, too."""
        return dict, (dict(self),)


class ImmutableRuntimeProperties(ImmutableProperties):
    """Runtime properties of the far end of a relationship."""

    message = FAR_END


def _checked(name: str) -> Callable[..., Any]:
    usual = getattr(dict, name)

    def method(self: DirtyTrackingDict, *args: Any, **kwargs: Any) -> Any:
        if not self.modifiable:
            raise NonRecoverableError(FAR_END)
        return usual(self, *args, **kwargs)

    method.__name__ = name
    return method


class DirtyTrackingDict(dict[str, Any]):
    """Runtime properties that may be changed.

    dirty       whether they were: by comparison with what they were when they were read, so that changes deep inside
                count too; may be set, to say so
    modifiable  False makes every change raise NonRecoverableError
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.modifiable = True
        self.settle(deepcopy(dict(self)))

    __setitem__ = _checked("__setitem__")
    __delitem__ = _checked("__delitem__")
    __ior__ = _checked("__ior__")
    update = _checked("update")
    clear = _checked("clear")
    pop = _checked("pop")
    popitem = _checked("popitem")
    setdefault = _checked("setdefault")

    def settle(self, read: dict[str, Any]) -> None:
        """From here on it is compared with `read`, which nobody changes."""
        self._said = False
        self._read = read

    @property
    def dirty(self) -> bool:
        """Whether it was changed."""
        return self._said or _text(self) != _text(self._read)

    @dirty.setter
    def dirty(self, said: bool) -> None:
        self._said = said
        if not said:
            self._read = deepcopy(dict(self))

    def copy(self) -> dict[str, Any]:
        """A plain dict: its changes are nobody's."""
        return dict(self)

    def __reduce__(self) -> tuple[Any, ...]:
        """A deep copy is a plain dict, too."""
        return dict, (dict(self),)


def _text(properties: dict[str, Any]) -> str:
    """The properties as the journal would have them; as Python shows them where it cannot."""
    try:
        return encode(dict(properties))
    except DurableError:
        return repr(properties)


def replace(properties: dict[str, Any], new: dict[str, Any]) -> None:
    """Make a mapping that was handed out say something else, whether or not its holder may change it."""
    dict.clear(properties)
    dict.update(properties, deepcopy(new))
    if isinstance(properties, DirtyTrackingDict):
        properties.settle(new)
