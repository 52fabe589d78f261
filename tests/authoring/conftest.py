"""The replay tests' fixtures: stores of both kinds, processes on them, and a clean world."""

import itertools
import sys

import pytest

from durable_wf.engine.code import make_importable
from durable_wf.testing.stores import MemoryStore
from tests.replay import kit
from tests.replay.conftest import empty_journal, lives, new_store, store, world

__all__ = ["empty_journal", "lives", "new_store", "store", "world"]

make_importable(None)  # the tests' plugin uses the older system's names, as any plugin may


@pytest.fixture
def life():
    """One process on a journal in memory: what is tested here is the author's side, not the store's."""
    made = kit.Life(MemoryStore())
    yield made
    made.bury()


@pytest.fixture
def deploy(lives, monkeypatch):
    """Makes a process with the deployment `d` of a blueprint; its instances are numbered from 1."""
    monkeypatch.setattr(sys, "path", list(sys.path))  # its folder goes there

    def deploy(blueprint):
        numbers = itertools.count(1)
        life = lives()
        life.engine.deployments.create(blueprint, "d", new_suffix=lambda: str(next(numbers)))
        return life

    return deploy
