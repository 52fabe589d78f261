"""An engine on each store, and a view of its journal."""

import pytest

from durable_wf import Engine
from durable_wf.inspection.view import View
from durable_wf.journal.memory import MemoryJournal
from durable_wf.journal.sqlite import open_journal


@pytest.fixture(params=["memory", "sqlite"])
def engine(request, tmp_path):
    store = (
        MemoryJournal() if request.param == "memory" else open_journal(tmp_path / "journal.db", durability="process")
    )
    with Engine(store) as made:
        yield made


@pytest.fixture
def view(engine):
    return View(engine.journal, engine.journal.owned)


@pytest.fixture
def run(engine):
    """Runs a workflow of the tests to its end; the execution's row."""

    def run(function, **parameters):
        uid = engine.start(function, parameters)
        engine.wait(uid, 60)
        return engine.find(uid)

    return run
