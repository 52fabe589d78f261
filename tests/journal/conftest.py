"""Both stores, and a second handle to each as another process would have it; SQLite by either driver."""

import pytest

from durable_wf.journal import driver
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


@pytest.fixture
def choose(monkeypatch):
    """Has this process, and those that it starts, open journals by the driver named; None leaves it to the default."""

    def choose(name):
        if name is None:
            monkeypatch.delenv(driver.VARIABLE)
        else:
            monkeypatch.setenv(driver.VARIABLE, name)
        driver.chosen.cache_clear()

    yield choose
    driver.chosen.cache_clear()


@pytest.fixture
def driven(request, choose):
    """The driver named by a mark, as `kit.BY_EITHER`."""
    choose(request.param)
    return request.param


@pytest.fixture(
    params=[(MemoryStore, driver.PYTHON), (SqliteStore, driver.PYTHON), (SqliteStore, driver.APSW)],
    ids=["memory", "sqlite", "apsw"],
)
def store(request, choose, tmp_path):
    kind, name = request.param
    choose(name)
    store = kind(tmp_path)
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
