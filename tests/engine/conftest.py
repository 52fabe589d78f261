"""The replay tests' fixtures: stores of both kinds, processes on them, and a clean world."""

from tests.replay.conftest import empty_journal, lives, new_store, store, world

__all__ = ["empty_journal", "lives", "new_store", "store", "world"]
