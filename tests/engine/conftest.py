"""The replay tests' fixtures: stores of both kinds, processes on them, and a clean world."""

from durable_wf.engine.code import make_importable
from tests.replay.conftest import empty_journal, lives, new_store, store, world

__all__ = ["empty_journal", "lives", "new_store", "store", "world"]

make_importable(None)  # some of the workflows use the older system's names, as any plugin may
