"""Plain scalars that YAML 1.1 reads as something else than they seem to be.

What is a surprise depends on what is expected where the scalar stands: `required: yes` is none, and neither is `yes`
for a property that is declared a boolean. So scalars that may be one are kept while files are read, and those at
places where nothing speaks for them are told in the end.

Not surprising here: a date is the text as written (`source`); `y` and `n`, `08:30`, `0x1f` and `.5` are what they seem.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from durable_wf.dsl.problems import Place

_NUMBERS = frozenset({"integer", "float"})
_TEXTS = frozenset({"string", "textarea", "regex"})
_VERSION = re.compile(r"(?:version|release)\w*(?:\.default)?$", re.IGNORECASE)


class Spelling(NamedTuple):
    """A scalar as it is written, and what it is read as.

    message   what to say of it
    hint      how to say what may be meant
    fitting   types for which it is no surprise
    surprises types for which it is one; None: all that are not fitting, and where no type is known
    """

    message: str
    hint: str
    fitting: frozenset[str] = frozenset()
    surprises: frozenset[str] | None = None


def spelling(text: str, content: object, path: Callable[[], str]) -> Spelling | None:
    """What may be surprising in a plain scalar; None for most of them.

    content  the value that it becomes
    path     of where it stands
    """
    if isinstance(content, str):
        return _text(text) if text[:1] in _BEGINNINGS else None
    if isinstance(content, bool):
        return _word(text, content)
    if isinstance(content, int):
        return _integer(text, content)
    return _float(text, content, path) if isinstance(content, float) else None


def _word(text: str, content: object) -> Spelling | None:
    if text.lower() in {"true", "false"}:
        return None
    word = "true" if content else "false"
    return Spelling(f"{text} is read as the boolean {word}", _quoted(text, word), frozenset({"boolean"}))


def _integer(text: str, content: int) -> Spelling | None:
    if ":" in text:
        return Spelling(f"{text} is read as the number {content}, in base 60", _quoted(text))
    digits = text.lstrip("+-").replace("_", "")
    if len(digits) > 1 and digits[0] == "0" and digits.isdecimal():
        if int(digits) == abs(content):
            return Spelling(f"{text} is read as the number {content}", _quoted(text, str(content)), _NUMBERS)
        return Spelling(f"{text} is read as an octal number: {content}", _quoted(text, str(content)))
    if "_" in text and not _THOUSANDS.fullmatch(text) and digits.isdecimal():
        return Spelling(f"{text} is read as the number {content}", _quoted(text, str(content)), _NUMBERS)
    return None


def _float(text: str, content: float, path: Callable[[], str]) -> Spelling | None:
    if ":" in text:
        return Spelling(f"{text} is read as the number {content}, in base 60", _quoted(text))
    if not _TRAILING.fullmatch(text):
        return None
    expected = None if _VERSION.search(path()) else _TEXTS
    return Spelling(f"{text} is read as the number {content}", _quoted(text), frozenset({"float"}), expected)


def _text(text: str) -> Spelling | None:
    if not _NEARLY.fullmatch(text):
        return None
    number = _as_number(text)
    return Spelling(f"{text} is read as text, not as a number", f"write '{text}' or {number}", _TEXTS)


def _as_number(text: str) -> str:
    """The number that a text was meant to be, as YAML 1.1 reads it."""
    if text[:2].lower() == "0o":
        return str(int(text, 8))
    mantissa, _, exponent = text.lower().partition("e")
    mantissa = mantissa if "." in mantissa else f"{mantissa}.0"
    return f"{mantissa}e{exponent if exponent[:1] in '+-' else f'+{exponent}'}"


def _quoted(text: str, other: str = "") -> str:
    return f"quote it if text is meant ('{text}')" + (f", else write {other}" if other else "")


_BEGINNINGS = frozenset("+-.0123456789")
_THOUSANDS = re.compile(r"[-+]?\d{1,3}(?:_\d{3})+")
_TRAILING = re.compile(r"[-+]?\d+\.\d+0")
_NEARLY = re.compile(r"[-+]?(?:\d{1,20}(?:\.\d{0,20})?|\.\d{1,20})[eE][-+]?\d{1,3}|0o[0-7]{1,21}")


class Spellings:
    """Scalars of one blueprint that may be surprising, by their places."""

    def __init__(self) -> None:
        self._kept: dict[Place, tuple[Spelling, str]] = {}
        self._types: dict[Place, set[str]] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, place: Place, one: Spelling, path: str) -> None:
        """A scalar was read that may be one."""
        self._kept.setdefault(place, (one, path))

    def expect(self, place: Place, type_name: str | None) -> None:
        """A value of this type is expected there; nothing is learned from None, or from a type of the author's."""
        if place in self._kept and type_name is not None:
            self._types.setdefault(place, set()).add(type_name)

    def hint(self, place: Place, wanted: str | None) -> str | None:
        """What to say where such a scalar is a mistake, if it may have been meant as the type that is wanted."""
        found = self._kept.get(place)
        if found is None or wanted not in _TEXTS | _NUMBERS or (wanted in _TEXTS) == bool(found[0].fitting & _TEXTS):
            return None
        return f"{found[0].message}; {found[0].hint}"

    def surprises(self) -> Iterator[tuple[Place, Spelling, str]]:
        """Those that nothing speaks for, with the path of each."""
        for place, (one, path) in self._kept.items():
            types = self._types.get(place, set())
            is_wanted = one.surprises is None or bool(types & one.surprises)
            if is_wanted and not types & one.fitting:
                yield place, one, path
