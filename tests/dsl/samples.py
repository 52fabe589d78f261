"""The blueprints of `cases/`, those that are accepted and those that are refused, and what is said of them."""

from __future__ import annotations

from contextlib import chdir
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from durable_wf.dsl.compile import compile_blueprint
from durable_wf.dsl.problems import BlueprintError, Problem
from durable_wf.sources.files import FileResolver
from tests.dsl.pairs import Pair, all_pairs

CASES = Path(__file__).parent / "cases"


class Sample(NamedTuple):
    """A blueprint.

    files    text by name, the main file first
    folder   where they lie; None: nowhere yet
    """

    name: str
    files: tuple[tuple[str, str | bytes], ...]
    folder: Path | None = None


@cache
def problems_of(sample: Sample) -> tuple[Problem, ...]:
    """All that is said of a blueprint; nothing, if it is accepted."""
    if sample.folder is not None:
        return _problems(sample.files[0][0], sample.folder)
    with TemporaryDirectory() as folder:
        for name, data in sample.files:
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return _problems(sample.files[0][0], Path(folder))


def _problems(main: str, folder: Path) -> tuple[Problem, ...]:
    with chdir(folder):
        try:
            compile_blueprint(FileResolver(main))
        except BlueprintError as error:
            return error.problems
    return ()


def of_pair(pair: Pair, lines: dict[str, list[str]]) -> Sample:
    """One side of a pair."""
    return Sample(str(pair), tuple(pair.texts(lines).items()))


def _of_folder(folder: Path) -> list[Sample]:
    """One for each file of a folder; files in it that others import come along with each."""
    imported = [(path.relative_to(folder).as_posix(), path.read_text()) for path in sorted(folder.glob("lib/*.yaml"))]
    return [
        Sample(path.name, ((path.name, path.read_text()), *imported), folder) for path in sorted(folder.glob("*.yaml"))
    ]


@cache
def refused_samples() -> tuple[Sample, ...]:
    """Blueprints that are refused."""
    return (*_of_folder(CASES), *(of_pair(pair, pair.refused) for pair in all_pairs()))


@cache
def accepted_samples() -> tuple[Sample, ...]:
    """Blueprints that are accepted: larger ones, and the mended ones of pairs."""
    return (*_of_folder(CASES / "accepted"), *(of_pair(pair, pair.accepted) for pair in all_pairs()))
