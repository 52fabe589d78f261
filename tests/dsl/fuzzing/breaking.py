"""Breaks a valid blueprint in one place, and knows the code and the place that must be said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, NamedTuple

from tests.dsl.fuzzing.blueprints import LIB, MAIN, Drawn
from tests.dsl.fuzzing.table import Site, sites
from tests.dsl.fuzzing.trees import Path, Spot, at, copied, put
from tests.dsl.fuzzing.world import WORDS

Edit = Callable[[bytes], tuple[bytes, tuple[int, int]]]


@dataclass
class Break:
    """What was done.

    codes   any of which is right; the first is the one it is for
    spots   any of which is right
    what    for people
    edit    changes the file of the first spot after it is written, and says where the problem then is
    """

    codes: tuple[str, ...]
    spots: list[Spot]
    what: str = ""
    edit: Edit | None = None


class Found(NamedTuple):
    """A site of one of the files."""

    file: str
    site: Site


class Breaking:
    """A blueprint that is going to be broken: a copy, and help to find and add things."""

    def __init__(self, drawn: Drawn, rng: Random) -> None:
        self.drawn = drawn
        self.files: dict[str, Any] = {name: copied(one) for name, one in drawn.files.items()}
        self.rng = rng
        self.version = drawn.version

    def fresh(self) -> str:
        """A name like no other."""
        return f"zz{self.rng.randrange(10**6)}{self.rng.choice('qwjk')}{self.rng.randrange(10**6)}"

    def misspelled(self, name: str) -> str:
        """Another name: far from all, or near this one."""
        if self.rng.random() < 0.6 or len(name) < 7 or any(word.startswith(name) for word in WORDS):
            return self.fresh()
        position = self.rng.randrange(1, 4)
        return name[:position] + name[position - 1] + name[position:]

    def sites(self, wanted: Callable[[Site], bool] = lambda _site: True) -> list[Found]:
        """All sites of all files."""
        return [Found(file, one) for file, document in self.files.items() for one in sites(document) if wanted(one)]

    def entries(self, section: str, files: tuple[str, ...] = (MAIN, LIB)) -> list[tuple[str, str, Any]]:
        """File, name and value of what a section has, in files without a namespace."""
        return [
            (file, name, value)
            for file in files
            for name, value in (self.files.get(file, {}).get(section) or {}).items()
        ]

    def pick(self, section: str, wanted: Callable[[Any], bool] = lambda _value: True) -> tuple[str, str, Any] | None:
        found = [one for one in self.entries(section) if wanted(one[2])]
        return self.rng.choice(found) if found else None

    def add(self, section: str, value: Any, name: str | None = None) -> tuple[str, Path]:
        """Add an entry to a section, where that already is."""
        file = next((one for one in (MAIN, LIB) if section in self.files.get(one, {})), MAIN)
        name = name or self.fresh()
        self.files[file].setdefault(section, {})[name] = value
        return file, (section, name)

    def node(self, **body: Any) -> tuple[str, Path]:
        """Add a node of a new, empty type."""
        if "type" not in body:
            body["type"] = self.add("node_types", {})[1][1]
        return self.add("node_templates", body)

    def has(self, section: str, name: str) -> bool:
        """Whether a file without a namespace has the entry."""
        return any(one == name for _, one, _ in self.entries(section))

    def set(self, file: str, path: Path, value: Any) -> None:
        put(self.files[file], path, value)

    def value(self, file: str, path: Path) -> Any:
        return at(self.files[file], path)

    def plugin(self) -> str:
        """The name of a plugin that runs anywhere, and that main file and parts may name."""
        return str(self.add("plugins", {"executor": "central_deployment_agent", "install": False})[1][1])

    def insert(self, file: str, path: Path, key: Any, value: Any) -> Path:
        """Put a key into a mapping, at any position; its path."""
        mapping = self.value(file, path)
        pairs = list(mapping.items())
        pairs.insert(self.rng.randint(0, len(pairs)), (key, value))
        mapping.clear()
        mapping.update(pairs)
        return (*path, key)


Breaker = Callable[[Breaking], "Break | None"]


class Row(NamedTuple):
    """A breaker.

    code    that it is for
    wants   a production that the blueprint must use
    since   version that it must have
    below   version that it must be older than
    """

    code: str
    name: str
    run: Breaker
    wants: str = ""
    since: tuple[int, int] = (1, 0)
    below: tuple[int, int] | None = None


ROWS: list[Row] = []


def breaker(code: str, wants: str = "", since: tuple[int, int] = (1, 0), below: Any = None) -> Any:
    """Register a breaker for a code."""

    def register(run: Breaker) -> Breaker:
        ROWS.append(Row(code, run.__name__.strip("_"), run, wants, since, below))
        return run

    return register


def all_rows() -> Iterator[Row]:
    """All breakers, by code."""
    from tests.dsl.fuzzing import break_imports, break_nodes, break_table, break_texts, break_values

    del break_imports, break_nodes, break_table, break_texts, break_values
    yield from sorted(ROWS, key=lambda row: (row.code, row.name))
