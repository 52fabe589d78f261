"""What is wrong with a blueprint: every problem is a record with a code and a place.

Problems are collected in a `Report` and raised once, as one `BlueprintError` that holds them all. One
mistake of the author is one problem: who finds something unusable that was reported before says nothing.
The table of codes, with the reference's numbers, is in `codes.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from durable_wf.dsl.codes import CODES, EXPLANATIONS
from durable_wf.dsl.excerpts import Sources
from durable_wf.dsl.likeness import Likeness, is_slip
from durable_wf.dsl.spelling import Spellings
from durable_wf.dsl.warning_codes import WARNINGS
from durable_wf.errors import InputError
from durable_wf.sources.redactor import Finder

__all__ = ["EXPLANATIONS", "BlueprintError", "Place", "Problem", "Report"]

HINT_CUTOFF = 0.6  # similar enough to be asked about
REPAIR_CUTOFF = 0.75  # similar enough to go on checking as if it had been written
_LONGEST = 1000  # characters of a path or message that people are shown


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

    @property
    def said(self) -> str:
        """Path and message for people, who are spared megabytes of either."""
        return f"{_shortened(self.path)}: {_shortened(self.message)}" if self.path else _shortened(self.message)

    def __str__(self) -> str:
        expected = f" (expected {self.expected})" if self.expected else ""
        hint = f"; {self.hint}" if self.hint else ""
        return f"{self.place}: {self.said}{expected}{hint} [{self.code}]"


def _shortened(text: str) -> str:
    """A text of megabytes as one that a person can read, the same for the same text."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]}…{text[-_LONGEST // 4 :]}"


class BlueprintError(InputError):
    """A blueprint has mistakes; all of them are in `problems`, sorted by file and place. Its text has a line for each.

    The main file's problems come first, then those of imported files in the order of import. `sources` has the lines
    that they stand in.
    """

    code = "blueprint"
    explanation = (
        "The blueprint has mistakes. Each line names file, line, column, the path in the blueprint and a code of "
        "its own, which `durable-wf explain` knows too. Nothing was changed."
    )

    def __init__(
        self, problems: Iterable[Problem], sources: Sources | None = None, secrets: Iterable[str] = ()
    ) -> None:
        mask = masking(secrets)
        self.problems = masked(problems, mask)
        self.sources = (sources or Sources()).hiding(mask)
        super().__init__("\n".join(map(str, self.problems)))


def masking(secrets: Iterable[str]) -> Callable[[str], str]:
    """What takes these texts out of another, a message say, or a line of a blueprint."""
    finder = Finder(secrets)
    return lambda text: finder.replaced(text, lambda _: "<secret>")


def masked(problems: Iterable[Problem], mask: Callable[[str], str]) -> tuple[Problem, ...]:
    """Problems that say nothing which `mask` takes out."""
    return tuple(
        replace(
            one,
            message=mask(one.message),
            expected=one.expected and mask(one.expected),
            hint=one.hint and mask(one.hint),
        )
        for one in problems
    )


class Report:
    """Collects problems and warnings; says everything once.

    guessed  places of names that do not exist, and are read as the one that was probably meant
    raises  nothing itself; `raise_if_any` raises BlueprintError.
    """

    def __init__(self) -> None:
        self._problems: dict[tuple[str, Place, str], Problem] = {}
        self._warnings: dict[tuple[str, Place, str, str], Problem] = {}
        self._advice: list[Problem] = []
        self._notes: dict[tuple[Place, str], None] = {}
        self._files: dict[str, int] = {}
        self._names: dict[str, str] = {}
        self._data: dict[str, bytes] = {}
        self.guessed: set[Place] = set()
        self.likeness = Likeness()
        self.spellings = Spellings()

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

    def warn(self, message: str, place: Place, path: str = "", *, code: str = "ignored") -> None:
        """Record that something is accepted and ignored.

        code    of `warning_codes.WARNINGS`
        raises  KeyError for another
        """
        WARNINGS[code]
        self._warnings.setdefault((code, place, path, message), Problem(code, message, place, path))

    def advise(self, code: str, message: str, place: Place, path: str, hint: str | None = None) -> None:
        """Record a warning that is for the author only: unlike those of `warn` it is not kept in the plan.

        raises  KeyError for a code that is not in `warning_codes.WARNINGS`
        """
        WARNINGS[code]
        self._advice.append(Problem(code, message, place, path, hint=hint))

    def note(self, message: str, place: Place, path: str = "") -> None:
        """Record that something is accepted and kept, and means something to a server only."""
        self._notes.setdefault((place, f"{path}: {message}" if path else message))

    def reading(self, file: str, name: str, data: bytes = b"") -> None:
        """Problems of files are sorted in the order in which files were named here.

        file    as in places: how people named it
        name    as a plan names it, which is stored and so holds no path of this machine
        data    its content, for whoever shows the lines of problems
        """
        self._files.setdefault(file, len(self._files))
        self._names[file] = name
        self._data[file] = data

    def similar(self, word: str, names: Iterable[str], cutoff: float = HINT_CUTOFF) -> str | None:
        """The name most like `word`, or None; a report's work on this is bounded (`likeness`)."""
        return self.likeness.find(word, names, cutoff)

    def meant(self, word: str, names: Iterable[str], cutoff: float = REPAIR_CUTOFF) -> str | None:
        """As `similar`, to go on as if it had been written: None too where two names are equally similar."""
        found = self.likeness.find_all(word, names, cutoff)
        return found[0] if len(found) == 1 else None

    def slip(self, word: str, names: Iterable[str]) -> str | None:
        """The name from which `word` is one slip away, or None: surely a mistake, though some names could not be read.

        A slip is a character too many, one missing, another one, or two swapped; digits number things, and are none.
        """
        found = self.similar(word, names)
        return found if found is not None and is_slip(word, found) else None

    def did_you_mean(self, word: str, names: Iterable[str]) -> str | None:
        """The question as a hint, or None where no name is similar."""
        found = self.similar(word, names)
        return f"did you mean '{found}'?" if found else None

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All problems so far, by file in the order of reading, line and column."""
        return ordered(self._problems.values(), self._files)

    @property
    def warned(self) -> tuple[Problem, ...]:
        """All warnings so far, advice too, as records, in the order of problems."""
        return ordered([*self._warnings.values(), *self._advice], self._files)

    @property
    def files(self) -> tuple[str, ...]:
        """All files, in the order of reading."""
        return tuple(self._files)

    @property
    def sources(self) -> Sources:
        """The lines of all files that were read."""
        return Sources(self._data)

    @property
    def count(self) -> int:
        """How many problems there are so far."""
        return len(self._problems)

    @property
    def warnings(self) -> tuple[str, ...]:
        """All warnings that a plan keeps, one line each, with the names that a plan has for files."""
        return self._lines(
            (one.place, f"{one.path}: {one.message}" if one.path else one.message) for one in self._warnings.values()
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """All notes so far, as `warnings`."""
        return self._lines(self._notes)

    def _lines(self, said: Iterable[tuple[Place, str]]) -> tuple[str, ...]:
        named = [(place._replace(file=self._names.get(place.file, place.file)), text) for place, text in said]
        return tuple([f"{place}: {text}" for place, text in named])

    def raise_if_any(self, secrets: Callable[[], Iterable[str]] = tuple) -> None:
        """Raise everything that was recorded, if anything was.

        secrets  gives the texts that no message may have in it
        raises   BlueprintError
        """
        if self._problems:
            raise BlueprintError(self.problems, self.sources, secrets())


def ordered(said: Iterable[Problem], files: Iterable[str]) -> tuple[Problem, ...]:
    """Problems or warnings by file, in the order of `files`, line and column."""
    ranks = {file: rank for rank, file in enumerate(files)}
    last = len(ranks)
    return tuple(sorted(said, key=lambda one: (ranks.get(one.file, last), one.line, one.column, one.code, one.message)))


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
