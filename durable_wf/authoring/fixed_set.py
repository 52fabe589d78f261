"""A set whose order is the same in every process: what a workflow does with it, its replay does again (design)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class HasId(Protocol):
    """Something that is known by its id."""

    @property
    def id(self) -> str:
        """It."""
        ...


T = TypeVar("T", bound=HasId)


def fixed_hash(text: str) -> int:
    """A hash that, unlike a text's own, is the same in every process.

    So that sets which plugins make themselves of what has such a hash do not depend on PYTHONHASHSEED either.
    """
    return crc32(text.encode("utf-8", "backslashreplace"))


class FixedSet(set[T]):
    """A set of things with an `id`, in the order of their ids; so is what `|`, `&`, `-` and `^` make of it."""

    def __iter__(self) -> Iterator[T]:
        return iter(sorted(super().__iter__(), key=lambda one: one.id))

    def pop(self) -> T:
        """Take out the first one.

        raises  KeyError when there is none
        """
        for first in self:
            self.remove(first)
            return first
        text = "pop from an empty set"
        raise KeyError(text)

    def copy(self) -> FixedSet[T]:
        """Another one with the same things."""
        return FixedSet(self)

    def union(self, *others: Iterable[Any]) -> FixedSet[Any]:
        """What is in any of them."""
        return FixedSet(super().union(*others))

    def intersection(self, *others: Iterable[Any]) -> FixedSet[T]:
        """What is in all of them."""
        return FixedSet(super().intersection(*others))

    def difference(self, *others: Iterable[Any]) -> FixedSet[T]:
        """What is in none of the others."""
        return FixedSet(super().difference(*others))

    def symmetric_difference(self, other: Iterable[Any]) -> FixedSet[Any]:
        """What is in one of both."""
        return FixedSet(super().symmetric_difference(other))

    def __or__(self, other: Any) -> Any:
        return _fixed(super().__or__(other))

    def __and__(self, other: Any) -> Any:
        return _fixed(super().__and__(other))

    def __sub__(self, other: Any) -> Any:
        return _fixed(super().__sub__(other))

    def __xor__(self, other: Any) -> Any:
        return _fixed(super().__xor__(other))

    def __ror__(self, other: Any) -> Any:
        return _fixed(super().__or__(other))

    def __rand__(self, other: Any) -> Any:
        return _fixed(super().__and__(other))

    def __rsub__(self, other: Any) -> Any:
        return _fixed(set(other).__sub__(self)) if isinstance(other, (set, frozenset)) else NotImplemented

    def __rxor__(self, other: Any) -> Any:
        return _fixed(super().__xor__(other))

    def __repr__(self) -> str:
        return f"{{{', '.join(map(repr, self))}}}"

    def __reduce__(self) -> tuple[Any, ...]:
        return FixedSet, (list(self),)


def _fixed(made: Any) -> Any:
    """The result of an operator that may have been refused."""
    return made if made is NotImplemented else FixedSet(made)
