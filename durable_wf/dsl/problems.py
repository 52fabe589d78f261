"""What is wrong with a blueprint: every problem is a record with a code and a place.

Problems are collected in a `Report` and raised once, as one `BlueprintError` that holds them all. One
mistake of the author is one problem: who finds something unusable that was reported before says nothing.
The table of codes, with the reference's numbers, is in `codes.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NamedTuple

from durable_wf.dsl.codes import CODES, EXPLANATIONS
from durable_wf.errors import InputError

__all__ = ["EXPLANATIONS", "BlueprintError", "Place", "Problem", "Report"]

HINT_CUTOFF = 0.6  # similar enough to be asked about
REPAIR_CUTOFF = 0.75  # similar enough to go on checking as if it had been written
_SHORTEST_SLIP = 4  # characters: a shorter name is one slip away from many
_LONGEST = 1000  # characters of a path or message that people are shown
_LOOKUP_BUDGET = 200_000  # comparisons of names in one report: a file full of unknown names stays quick


class Place(NamedTuple):
    """Where something stands in a file; line and column from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake.

    code      of `codes.CODES`; stable
    path      in the blueprint, such as node_templates.web.type; '' for the whole file
    expected  what may stand there, if that can be said
    hint      how to mend it, if we know
    """

    code: str
    message: str
    place: Place
    path: str = ""
    expected: str | None = None
    hint: str | None = None

    @property
    def file(self) -> str:
        """The file's name, as it is shown to people."""
        return self.place.file

    @property
    def line(self) -> int:
        """From 1."""
        return self.place.line

    @property
    def column(self) -> int:
        """From 1."""
        return self.place.column

    def __str__(self) -> str:
        path = f"{_shortened(self.path)}: " if self.path else ""
        expected = f" (expected {self.expected})" if self.expected else ""
        hint = f"; {self.hint}" if self.hint else ""
        return f"{self.place}: {path}{_shortened(self.message)}{expected}{hint} [{self.code}]"


def _shortened(text: str) -> str:
    """A text of megabytes as one that a person can read, the same for the same text."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]}…{text[-_LONGEST // 4 :]}"


class BlueprintError(InputError):
    """A blueprint has mistakes; all of them are in `problems`, sorted by file and place. Its text has a line for each.

    The main file's problems come first, then those of imported files in the order of import.
    """

    code = "blueprint"
    explanation = (
        "The blueprint has mistakes. Each line names file, line, column, the path in the blueprint and a code of "
        "its own, which `durable-wf explain` knows too. Nothing was changed."
    )

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class Report:
    """Collects problems and warnings; says everything once.

    raises  nothing itself; `raise_if_any` raises BlueprintError.
    """

    def __init__(self) -> None:
        self._problems: dict[tuple[str, Place, str], Problem] = {}
        self._warnings: dict[tuple[Place, str], None] = {}
        self._notes: dict[tuple[Place, str], None] = {}
        self._files: dict[str, int] = {}
        self._names: dict[str, str] = {}
        self._budget = _LOOKUP_BUDGET

    def add(
        self,
        code: str,
        message: str,
        place: Place,
        path: str = "",
        *,
        expected: str | None = None,
        hint: str | None = None,
    ) -> None:
        """Record a problem; the same code and message at the same place counts once.

        raises  KeyError for a code that is not in the table.
        """
        CODES[code]
        problem = Problem(code, message, place, path, expected, hint)
        self._problems.setdefault((code, place, message), problem)

    def warn(self, message: str, place: Place, path: str = "") -> None:
        """Record that something is accepted and ignored."""
        self._warnings.setdefault((place, f"{path}: {message}" if path else message))

    def note(self, message: str, place: Place, path: str = "") -> None:
        """Record that something is accepted and kept, and means something to a server only."""
        self._notes.setdefault((place, f"{path}: {message}" if path else message))

    def reading(self, file: str, name: str) -> None:
        """Problems of files are sorted in the order in which files were named here.

        file    as in places: how people named it
        name    as a plan names it, which is stored and so holds no path of this machine
        """
        self._files.setdefault(file, len(self._files))
        self._names[file] = name

    def similar(self, word: str, names: Iterable[str], cutoff: float = HINT_CUTOFF) -> str | None:
        """The name most like `word`, or None."""
        options = list(names)
        if self._budget < len(options):
            return None
        self._budget -= len(options)
        return next(iter(get_close_matches(word, options, n=1, cutoff=cutoff)), None)

    def slip(self, word: str, names: Iterable[str]) -> str | None:
        """The name from which `word` is one slip away, or None: surely a mistake, though some names could not be read.

        A slip is a character too many, one missing, another one, or two swapped; digits number things, and are none.
        """
        found = self.similar(word, names)
        return found if found is not None and _is_slip(word, found) else None

    def did_you_mean(self, word: str, names: Iterable[str]) -> str | None:
        """The question as a hint, or None where no name is similar."""
        found = self.similar(word, names)
        return f"did you mean '{found}'?" if found else None

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All problems so far, by file in the order of reading, line and column."""
        unknown = len(self._files)
        return tuple(
            sorted(
                self._problems.values(),
                key=lambda one: (self._files.get(one.file, unknown), one.line, one.column, one.code, one.message),
            )
        )

    @property
    def count(self) -> int:
        """How many problems there are so far."""
        return len(self._problems)

    @property
    def warnings(self) -> tuple[str, ...]:
        """All warnings so far, one line each, with the names that a plan has for files."""
        return self._lines(self._warnings)

    @property
    def notes(self) -> tuple[str, ...]:
        """All notes so far, as `warnings`."""
        return self._lines(self._notes)

    def _lines(self, said: Iterable[tuple[Place, str]]) -> tuple[str, ...]:
        named = [(place._replace(file=self._names.get(place.file, place.file)), text) for place, text in said]
        return tuple([f"{place}: {text}" for place, text in named])

    def raise_if_any(self) -> None:
        """raises BlueprintError with everything that was recorded, if anything was."""
        if self._problems:
            raise BlueprintError(self.problems)


def _is_slip(word: str, name: str) -> bool:
    if min(len(word), len(name)) < _SHORTEST_SLIP:
        return False
    start = _common(word, name)
    one, other = word[start:], name[start:]
    end = _common(one[::-1], other[::-1])
    one, other = one[: len(one) - end], other[: len(other) - end]
    is_small = max(len(one), len(other)) <= 1 or (len(one) == len(other) == 2 and one == other[::-1])  # noqa: PLR2004 -- two
    return is_small and not any(char.isdigit() for char in one + other)


def _common(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def kinds(value: object) -> str:
    """A value's kind, in an author's words."""
    for kind, word in _WORDS:
        if isinstance(value, kind):
            return word
    return type(value).__name__


_WORDS: tuple[tuple[type, str], ...] = (
    (type(None), "nothing"),
    (bool, "a boolean"),
    (int, "an integer"),
    (float, "a number"),
    (str, "text"),
    (dict, "a mapping"),
    (list, "a list"),
)
