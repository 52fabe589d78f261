"""The vocabulary of the grammar's table: what a value may look like. Data only; `checker.py` walks it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Version: TypeAlias = tuple[int, int]

OLDEST: Version = (1, 0)
NEWEST: Version = (1, 5)


@dataclass(frozen=True, slots=True)
class Anything:
    """Any value; functions too."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """No value: `key:`."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text."""


@dataclass(frozen=True, slots=True)
class CodePath:
    """A text that names code: `plugin.module.function`, or a script."""


@dataclass(frozen=True, slots=True)
class Boolean:
    """true or false."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number of at least `low`; an integer only, if `whole`. Smaller ones are reported as `code`."""

    low: int | None = None
    whole: bool = False
    code: str = "out-of-range"


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of some texts; others are reported as `code`."""

    words: tuple[str, ...]
    code: str = "bad-value"


@dataclass(frozen=True, slots=True)
class TypeName:
    """The name of a primitive type of the language, or of a data type; others are reported as `code`.

    is_primitive   only the language's own
    """

    is_primitive: bool = False
    code: str = "unknown-type"


@dataclass(frozen=True, slots=True)
class Ref:
    """A text that names an entry of `section`; one that does not is reported as `code`.

    what    the noun for messages, such as 'node type'
    also    another section whose entries may be named too
    """

    section: str
    what: str
    code: str
    also: str | None = None


@dataclass(frozen=True, slots=True)
class Name:
    """A text that names an entry of `section`, there or not: in a namespaced file it has the namespace."""

    section: str


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of `item`; an empty one is reported as `empty`, if that is given."""

    item: Shape
    empty: str | None = None


@dataclass(frozen=True, slots=True)
class MapOf:
    """A mapping of names that the author chooses to `value`."""

    value: Shape


@dataclass(frozen=True, slots=True)
class Either:
    """The first of `shapes` that takes this kind of value; a kind that none takes is reported as `code`."""

    shapes: tuple[Shape, ...]
    code: str = "wrong-type"


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A mapping that is an intrinsic function; another mapping is reported as `code`."""

    code: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """Accepted, ignored, and said so in a warning."""


@dataclass(frozen=True, slots=True)
class Field:
    """A row of the grammar: a key that a record may have.

    since   the version of the language that added it
    doc     what it is for and what holds where it is absent; docs/language.md and the JSON Schema show it
    later   its row in `not_yet.py`, if that has one: some values, or all, are refused until that is built
    old     what says the same in new blueprints; empty: it is not an old form
    """

    name: str
    shape: Shape
    required: bool = False
    since: Version = OLDEST
    doc: str = ""
    later: str = ""
    old: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """A mapping with the keys of `fields`; others are reported as `unknown`.

    choice   exactly one of these keys must be there; else `unknown` is reported
    adds     a key that may stand alone, required ones or not: it is added to what another file says under the name
    name     what such a mapping is called in docs/language.md and the JSON Schema; no two share one
    """

    fields: tuple[Field, ...]
    unknown: str = "unknown-key"
    choice: tuple[str, ...] = ()
    adds: str = ""
    name: str = ""


Shape: TypeAlias = (
    Anything
    | Nothing
    | Text
    | CodePath
    | Boolean
    | Number
    | OneOf
    | TypeName
    | Ref
    | Name
    | ListOf
    | MapOf
    | Either
    | FunctionCall
    | Ignored
    | Record
)
