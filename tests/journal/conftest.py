"""Both stores, and a second handle to each as another process would have it."""

import pytest

from durable_wf.journal.memory import MemoryJournal
from durable_wf.journal.sqlite import open_journal


class SqliteStore:
    """Journals on one file."""

    def __init__(self, folder):
        self.path = folder / "home" / "journal.db"
        self.opened = []

    def open(self, **options):
        self.opened.append(open_journal(self.path, durability="process", **options))
        return self.opened[-1]

    def close(self):
        for journal in self.opened:
            journal.close()


class MemoryStore:
    """Handles to one memory."""

    def __init__(self, _folder):
        self.first = MemoryJournal()

    def open(self):
        return self.first.sibling()

    def close(self):
        self.first.close()


@pytest.fixture(params=[MemoryStore, SqliteStore], ids=["memory", "sqlite"])
def store(request, tmp_path):
    store = request.param(tmp_path)
    yield store
    store.close()


@pytest.fixture
def journal(store):
    return store.open()


@pytest.fixture
def sqlite(tmp_path):
    store = SqliteStore(tmp_path)
    yield store
    store.close()
