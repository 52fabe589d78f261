"""Fixtures of the replay tests: stores of both kinds, and a clean world."""

from __future__ import annotations

import itertools

import pytest

from durable_wf.journal.sqlite import open_journal
from durable_wf.testing.lab import quiet_crashes
from durable_wf.testing.stores import MemoryStore
from tests.replay import kit
from tests.replay.work import WORLD


@pytest.fixture(scope="session")
def empty_journal(tmp_path_factory):
    """A file with the schema and nothing else."""
    path = tmp_path_factory.mktemp("template", numbered=True) / "empty.db"
    path.parent.chmod(0o700)
    open_journal(path, durability="process").close()
    return path


@pytest.fixture(params=["memory", "sqlite"])
def new_store(request, tmp_path, empty_journal):
    """Makes stores: in memory, or files."""
    if request.param == "memory":
        return MemoryStore
    numbers = itertools.count()
    return lambda: kit.SqliteStore(tmp_path / f"store{next(numbers)}" / "journal.db", empty_journal)


@pytest.fixture
def store(new_store):
    """One store."""
    return new_store()


@pytest.fixture(autouse=True)
def world():
    """Nothing is broken, nothing ran, and a death makes no noise."""
    WORLD.clear()
    with quiet_crashes():
        yield WORLD
    WORLD.clear()


@pytest.fixture
def lives(store):
    """Makes processes on the one store; all are ended afterwards."""
    made = []

    def born(**engine):
        life = kit.Life(store, **engine)
        made.append(life)
        return life

    yield born
    for life in made:
        life.bury()
