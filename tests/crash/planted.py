"""Sweeps over an engine with a bug: each must be noticed, or the sweep proves nothing.

python -m tests.crash.planted BUG [faults]
"""

import dataclasses
import re
import sqlite3
import sys
import threading
from contextlib import closing, suppress

from durable_wf import engine
from durable_wf.errors import StorageError
from durable_wf.graph import decide, outcomes
from durable_wf.graph.state import PENDING, SUCCEEDED, WORKED
from durable_wf.journal import chain, connection, faults, forks, head, locks, migrate
from durable_wf.model.commands import HandOut
from durable_wf.model.events import Cancels, Level
from durable_wf.scheduler import host
from durable_wf.scheduler.pool import make_work
from tools.crash import faults as faults_known
from tools.crash import shim, sweep
from tools.crash.faults import bits


def reruns_what_must_be_asked_about():
    """An operation that may not be repeated is repeated."""
    settle = outcomes.settle_unknown

    def reruns(run, pen, task, *, person_says):
        settle(run, pen, task, person_says=True)

    outcomes.settle_unknown = reruns


def takes_begun_for_done():
    """What was in flight at the kill is taken for succeeded."""

    def settle(run, pen, task, *, person_says):
        del run.unknown[task.no]
        pen.task(task, outcomes.TE.SETTLED)
        code = pen.attempt(task, outcomes.A.SUCCEEDED, task.began_us, pen.now.wall_us)
        pen.task(task, outcomes.TE.SUCCEEDED, '{"result":"surely"}', code)
        outcomes.flow.ended_well(run, pen, task)

    outcomes.settle_unknown = settle


def performs_before_it_commits():
    """Operations run while the transaction that says so is still open."""

    class Hasty(host.Host):
        def _decide(self, hosted, pen, *rest):
            super()._decide(hosted, pen, *rest)
            early = [command for command in pen.commands if isinstance(command, HandOut)]
            pen.commands[:] = [command for command in pen.commands if command not in early]
            self.pool.give([make_work(hosted, command, {}) for command in early])
            while any(work.outcome is None for work in hosted.works.values()):
                threading.Event().wait(0.001)

    engine.Host = Hasty


def forgets_outcomes():
    """A resume runs what has succeeded again."""
    load = decide.load.load

    def forgetful(history):
        run = load(history)
        for task in run.tasks.values():
            if task.state == SUCCEEDED and task.kind in WORKED:
                task.state, task.ended_seq = PENDING, None
        return run

    decide.load.load = forgetful


def skips_dependencies():
    """A resume starts what waits for something unfinished."""
    connect = decide.load.connect_all

    def careless(run, history):
        connect(run, dataclasses.replace(history, dependencies=[]))

    decide.load.connect_all = careless


def forgets_how_long_to_wait():
    """A resume tries again at once."""

    def wait_on(run, pen, task):
        run.rescheduled[task.no] = pen.now.boot_us
        outcomes.came_due(run, pen, task)

    outcomes.wait_on = wait_on


def forgets_what_was_ignored():
    """A resume takes an ignored failure for one that counts."""
    mark = decide.load.mark_decisions

    def forgetful(run, history, cuts):
        counting = mark(run, history, cuts)
        for task in run.tasks.values():
            task.ignored = False
        return counting

    decide.load.mark_decisions = forgetful


BUGS = {
    "reruns": (reruns_what_must_be_asked_about, "graph", 24),
    "begun-is-done": (takes_begun_for_done, "graph", 10),
    "early": (performs_before_it_commits, "graph", 10),
    "forgets": (forgets_outcomes, "standard", 6),
    "no-order": (skips_dependencies, "graph", 10),
    "no-wait": (forgets_how_long_to_wait, "waits", 16),
    "not-ignored": (forgets_what_was_ignored, "handlers", 12),
}


def acknowledges_before_it_commits():
    """Now and then a commit waits for the next one."""
    commit, begin, close = connection.Writer._commit, connection.Writer._begin, connection.Writer.close

    def late(writer, database):
        writer.turns = getattr(writer, "turns", 0) + 1
        if writer.turns < 8 or writer.turns % 2:  # the first ones are asked about by others
            commit(writer, database)

    def goes_on(writer, database):
        if not database.in_transaction:
            begin(writer, database)

    def ends(writer):
        if writer._database is not None and connection.raw(writer._database).in_transaction:
            connection.raw(writer._database).execute("COMMIT")
        close(writer)

    connection.Writer._commit, connection.Writer._begin, connection.Writer.close = late, goes_on, ends


def swallows_errors_of_a_commit():
    """A commit that failed is taken for one that did not."""

    def careless(writer, database):
        with suppress(sqlite3.Error):
            database.execute("COMMIT")
        writer._roll_back(database)

    connection.Writer._commit = careless


def keeps_no_log():
    """Pages are written in place, with the old ones in memory only."""
    set_pragma = connection.Writer._set

    def in_memory(writer, database, pragma, value):
        set_pragma(writer, database, pragma, "memory" if pragma == "journal_mode" else value)

    connection.Writer._set = in_memory
    connection.Writer._tend_wal = lambda *_: None


def does_not_name_the_file():
    """An error of the disk does not say which file."""
    translate = faults.translate
    faults.translate = lambda error, _: translate(error, "it did not work")

    def nameless(writer, database):
        try:
            database.execute("COMMIT")
        except sqlite3.Error as error:
            writer._drop()
            raise StorageError("it did not work") from error

    connection.Writer._commit = nameless


def makes_journals_piecemeal():
    """What is in a new journal is no transaction."""

    def piecemeal(database, version, at_us):
        assert version == 0
        migrate._make(database, at_us)
        database.executemany(migrate.TABLES["migration"].insert, [(1, at_us), (2, at_us)])
        database.execute(f"PRAGMA user_version = {migrate.schema.VERSION}")

    migrate._in_one_transaction = piecemeal


def does_not_wait():
    """A runner gives up when another process is busy with the journal."""
    locks.Turnstile.has_timeout = property(lambda _: True)
    locks.Turnstile._block = lambda turnstile: turnstile._wait(0.1)


def syncs_at_checkpoints_only():
    """`power` is no more than `process`: synchronous=NORMAL."""
    connection._SYNCHRONOUS["power"] = 1


def never_syncs():
    """synchronous=OFF."""
    connection._SYNCHRONOUS["power"] = 0


def rolls_back_from_a_journal():
    """No -wal: a commit is the removal of a rollback journal, and nothing makes that durable."""
    put = connection.Writer._set

    def puts(writer, database, pragma, value):
        put(writer, database, pragma, "delete" if pragma == "journal_mode" else value)

    connection.Writer._set = puts
    connection.Writer._tend_wal = lambda *_: None


def reads_no_head():
    """The head file is written and not read."""
    head.read = lambda _: None


def checks_no_chain():
    """The hash chains are written and not checked.

    But one bit of a hundred is seen by nothing else. Such are those of the requests' texts, once they stand in the main
    file; what is in the -wal has checksums of its own. So these are the points.
    """
    chain.check_chain = lambda *_: iter(())

    def in_requests(_, place):
        journal = bits._victim(place) / "journal.db"
        with closing(sqlite3.connect(journal)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return [f"journal.db:{found.start() + 1}:0" for found in re.finditer(b"total_retries", journal.read_bytes())]

    bits.Bits.points = in_requests


def trusts_the_wall_clock():
    """Time that goes back is taken for a bug."""
    newest = [0]

    class Strict(host.Pen):
        def __init__(self, run, seq, now, storage):
            assert now.wall_us >= newest[0], "time went back"
            newest[0] = now.wall_us
            super().__init__(run, seq, now, storage)

    host.Pen = Strict


def cancels_when_it_is_asked_to_stop():
    """A signal takes the work away from the execution for good."""
    host.Host.stop = lambda shell, hosted: shell.post((hosted, Cancels(Level.CANCEL)))


def shares_the_connection_with_children():
    """A forked child may go on with what its parent has opened."""
    forks.Forkable.check_not_forked = lambda _: None
    connection.Writer._give_up = lambda _: None
    locks.Turnstile.acquire = locks.Turnstile.release = lambda _: None  # else it would wait for its parent


def locks_nothing():
    """Every process begins its transaction whenever it likes, and waits for nobody."""
    locks.Turnstile._block = lambda _: None
    connection.BUSY_TIMEOUT_S = 0.0
    connection.Writer._begin = lambda _, database: database.execute("BEGIN IMMEDIATE")


FAULT_BUGS = {  # bug, fault, scenario, how many points or which
    "begun-is-done": (takes_begun_for_done, "death", "graph", 6),
    "forgets": (forgets_outcomes, "death-in-resume", "graph", 2),
    "late-commit": (acknowledges_before_it_commits, "death", "graph", 10),
    "no-log": (keeps_no_log, "torn", "graph", 14),
    "piecemeal": (makes_journals_piecemeal, "creation", "new", 4),
    "swallows": (swallows_errors_of_a_commit, "eio-write", "graph", "41 43 45 47 49 51"),
    "swallows-full": (swallows_errors_of_a_commit, "enospc", "graph", "41 43 45 47 49 51"),
    "swallows-sync": (swallows_errors_of_a_commit, "eio-sync", "graph", 2),
    "nameless-limit": (does_not_name_the_file, "file-limit", "graph", 2),
    "nameless-full": (does_not_name_the_file, "disk-full", "graph", 2),
    "nameless-read-only": (does_not_name_the_file, "read-only", "graph", 2),
    "sync-normal": (syncs_at_checkpoints_only, "power", "graph", 20),
    "sync-off": (never_syncs, "power", "graph", 20),
    "sync-delete": (rolls_back_from_a_journal, "power", "graph", 60),
    "no-head": (reads_no_head, "wal", "graph", 4),
    "no-chain": (checks_no_chain, "bits", "graph", 12),
    "wall-clock": (trusts_the_wall_clock, "clock", "graph", "back-and-forth"),
    "cancels": (cancels_when_it_is_asked_to_stop, "signals", "graph", "term:4"),
    "done-anyway": (takes_begun_for_done, "memory", "graph", 8),
    "child-writes": (shares_the_connection_with_children, "fork", "forks", "uses-the-journal"),
    "no-lock": (locks_nothing, "crowd", "line", "5x10"),
    "hasty": (does_not_wait, "held", "graph", "turnstile:runner:1"),
}


def main(bug, fault=None):
    """Plant it and sweep; the exit code of the sweep."""
    if fault is None:
        plant, scenario, points = BUGS[bug]
        options = []
    else:
        plant, fault, scenario, points = FAULT_BUGS[bug]
        options = ["--fault", fault, "--no-write"]
        shim.preload()
    plant()
    parallel = faults_known.fault(fault).parallel[0] if fault else 1
    options += ["--only", points] if isinstance(points, str) else ["--points", str(points)]
    options += ["--scenario", scenario, "--seed", "1", "--max-parallel", str(parallel)]
    return sweep.main(options)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
