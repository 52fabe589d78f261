"""Many processes on one journal (L12), and requests that come from outside."""

import os
import sqlite3

import pytest

from durable_wf import Engine
from durable_wf.journal.sqlite import open_journal
from durable_wf.model.states import EXECUTION, TASK, T, X
from tests.crash import held
from tests.crash.asker import ask
from tools.crash.killing import KillingJournal

pytestmark = [pytest.mark.crash, pytest.mark.slow]

PROCESSES, EACH = 50, 4
FEW = 3  # transactions
CROWD = (
    "import sys; from pathlib import Path; from tools.crash.faults.crowds import crowd; "
    "journal, *counts = sys.argv[1:]; "
    "sys.exit('\\n'.join(crowd(Path(journal), *map(int, counts))) or 0)"
)


def test_L12_fifty_processes_run_four_executions_each_on_one_journal(commands):
    commands.python("-c", CROWD, commands.journal, PROCESSES, EACH).ended(0)
    with commands.reading() as reader:
        states = [row.state for row in reader.executions()]
        assert states == [EXECUTION.code(X.TERMINATED)] * (PROCESSES * EACH)
        assert list(reader.verify()) == []


class Watched(KillingJournal):
    """Notes in which of its own transactions a request from outside was there to be taken, and was taken."""

    def __init__(self, inner):
        super().__init__(inner, None)
        self.came = self.taken = None

    def look(self):
        with sqlite3.connect(f"file:{self._inner.path}?mode=ro", uri=True) as connection:
            row = connection.execute("SELECT taken_seq FROM inbox").fetchone()
        connection.close()
        if row is not None and self.came is None:
            self.came = self.commits
        if row is not None and row[0] is not None and self.taken is None:
            self.taken = self.commits


@pytest.fixture
def watched(tmp_path):
    return Watched(open_journal(tmp_path / "journal.db", durability="process"))


def test_a_request_from_outside_is_read_by_a_busy_runner_within_a_few_transactions(tmp_path, watched, monkeypatch):
    turn = watched._inner.turn
    monkeypatch.setattr(watched._inner, "turn", lambda: (watched.look(), turn())[1])
    with Engine(watched, max_operations=4) as engine:
        uid = engine.start(held.busy, {"count": 3000, "journal": str(tmp_path / "journal.db")})
        assert engine.wait(uid, 60) == "terminated"
        watched.look()
    assert watched.taken - watched.came <= FEW
    assert watched.commits - watched.taken > FEW, "the runner was still busy then"


def test_a_cancel_from_outside_gets_its_turn_while_the_runner_is_busy_and_then_nothing_more_starts(
    tmp_path, watched, monkeypatch, commands
):
    """Counted in transactions: how many until it is taken, and how many until the execution has ended."""
    os.mkfifo(tmp_path / "fifo")
    asker = commands.python("-m", "tests.crash.asker", tmp_path / "journal.db", tmp_path / "fifo")
    turn = watched._inner.turn
    monkeypatch.setattr(watched._inner, "turn", lambda: (watched.look(), turn())[1])
    with Engine(watched, max_operations=4) as engine:
        uid = engine.start(held.crowded, {"count": 4000, "fifo": str(tmp_path / "fifo")})
        assert engine.wait(uid, 60) == "cancelled"
        watched.look()
        asker.ended(0)
        states = [task.state for task in engine.journal.history(1).tasks]
    assert watched.taken - watched.came <= FEW
    assert watched.commits - watched.taken <= 2 * FEW, "what was in flight ended, and nothing else began"
    assert states.count(TASK.code(T.PENDING)) > 100


def test_a_request_from_outside_is_read_by_an_idle_runner_within_a_few_transactions(tmp_path, watched, gate):
    with Engine(watched) as engine:
        uid = engine.start(held.line, {"address": gate.address})
        waiting = gate.next()
        asked = ask(tmp_path / "journal.db")
        waiting.go()
        gate.next().go()
        assert engine.wait(uid, 60) == "terminated"
        links = engine.journal.links((1, 0))  # one for each transaction
        taken = engine.journal.stored("inbox", 1)[0].taken_seq
    assert taken is not None
    assert sum(asked < link.last_seq < taken for link in links) <= FEW
