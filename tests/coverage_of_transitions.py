"""Which rows of the machines' tables the tests take. A row that no test takes may be wrong, and nobody would know.

Every move that a `Pen` or a claim writes is noted, by (machine, source, event). At the end of a run of all tests the
rows that were not taken must be exactly those of `NOT_TAKEN`, each with its reason; a row that is taken and stands
there is an error too. When only a part of the tests is run, nothing is compared.

Not seen are moves of other processes, and of tests that plant bugs (the fixture `transitions_not_counted`).
"""

from __future__ import annotations

import functools
from contextlib import contextmanager

import pytest

from durable_wf.graph.pen import Pen
from durable_wf.model.states import (
    ATTEMPT,
    EXECUTION,
    GRAPH,
    MACHINES,
    MODIFICATION,
    MODIFICATION_STEP,
    MSE,
    TASK,
    TE,
    A,
    T,
    X,
)
from durable_wf.scheduler import claim, modifying

_WAITS = "executions that wait without a runner, and pausing, come with a later issue"
_PROCESSES = "timeouts and killing come with operations in processes of their own"
_BY_HAND = "outcomes given by hand, and reattaching, come with a later issue"
NOT_TAKEN = {
    **{
        ("execution", source, event): _WAITS
        for source, event in (
            ("started", "waits"),
            ("started", "paused"),
            ("paused", "unpaused"),
            ("scheduled", "came_due"),
            ("queued", "admitted"),
        )
    },
    ("execution", "interrupted", "tries_used_up"): "the worker that resumes by itself comes with a later issue",
    ("execution", "pending", "owner_gone"): "a claim leaves it pending: its function was never called",
    ("execution", "pending", "raised"): "a function that cannot be had is refused before the execution is written",
    ("attempt", "sent", "timed_out"): _PROCESSES,
    ("attempt", "started", "timed_out"): _PROCESSES,
    ("attempt", "started", "cancelled"): _PROCESSES,
    ("attempt", "unknown", "succeeded"): _BY_HAND,
    ("attempt", "unknown", "reattached"): _BY_HAND,
}

_ATTEMPT_OF = {TASK.code(T.SENT): A.SENT, TASK.code(T.STARTED): A.STARTED, TASK.code(T.UNKNOWN): A.UNKNOWN}
_ATTEMPT_EVENT = {(row.source, row.target): row.event for row in ATTEMPT.rows}


class Coverage:
    """What was taken so far."""

    def __init__(self):
        self.taken = set()
        self.counts = True
        self._settled = None

    def take(self, machine, source, event):
        """A row was taken."""
        if self.counts:
            self.taken.add((machine.name, str(source), str(event)))

    @contextmanager
    def paused(self):
        """What is taken now does not count."""
        self.counts = False
        try:
            yield
        finally:
            self.counts = True

    def watch(self):
        """Look at the methods that write moves."""
        for name in ("task", "attempt", "graph", "execution"):
            setattr(Pen, name, self._around(getattr(Pen, name), getattr(self, f"_{name}")))
        claim.move = self._around(claim.move, self._move)
        modifying._done = self._around(modifying._done, self._step)
        modifying._ended = self._around(modifying._ended, self._modification)

    @staticmethod
    def _around(real, before):
        @functools.wraps(real)
        def wrapped(*arguments, **named):
            done = before(*arguments, **named)
            result = real(*arguments, **named)
            done()
            return result

        return wrapped

    def _task(self, _pen, task, event, *_rest, **_named):
        source = TASK.states[task.state]
        if event is TE.SETTLED:
            self._settled = task
        return lambda: self.take(TASK, source, event)

    def _attempt(self, _pen, task, target, *_rest):
        """The newest attempt is where its task is: it moves before the task, but after one that is settled."""
        source = A.UNKNOWN if task is self._settled else _ATTEMPT_OF.get(task.state)
        self._settled = None
        event = _ATTEMPT_EVENT.get((source, target))
        return lambda: event and self.take(ATTEMPT, source, event)

    def _graph(self, _pen, scope, event, *_rest):
        source = GRAPH.states[scope.state]
        return lambda: self.take(GRAPH, source, event)

    def _execution(self, pen, event, *_rest):
        source = tuple(X)[pen._run.row.state]
        return lambda: self.take(EXECUTION, source, event)

    def _step(self, _writer, step, _uid):
        return lambda: self.take(MODIFICATION_STEP, MODIFICATION_STEP.states[step.state], MSE.DONE)

    def _modification(self, _writer, row, event):
        return lambda: self.take(MODIFICATION, MODIFICATION.states[row.state], event)

    def _move(self, row, event, *_rest):
        return lambda: self.take(EXECUTION, tuple(X)[row.state], event)


class Plugin:
    """Compares at the end of a full run. The hook of pytest-xdist is known only where that is used: optional."""

    def __init__(self):
        self.coverage = Coverage()
        self.coverage.watch()
        self._lines = []

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node):
        """One of several processes that shared the tests has ended (pytest-xdist)."""
        self.coverage.taken.update(map(tuple, node.workeroutput.get("transitions", ())))

    def pytest_sessionfinish(self, session, exitstatus):
        if hasattr(session.config, "workeroutput"):  # one process of several: their controller compares
            session.config.workeroutput["transitions"] = sorted(self.coverage.taken)
        elif exitstatus == pytest.ExitCode.OK and _is_full(session):
            self._lines = compare(self.coverage.taken)
            if self._lines:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter):
        if self._lines:
            terminalreporter.section("transitions")
            for line in self._lines:
                terminalreporter.write_line(line)

    @pytest.fixture
    def transitions_not_counted(self):
        """For a test that makes the core do what it must not."""
        with self.coverage.paused():
            yield


def compare(taken):
    """What differs between the rows that were not taken and the list of those that need not be, in lines."""
    rows = {(one.name, str(row.source), str(row.event)) for one in MACHINES if one.guarded for row in one.rows}
    untaken = rows - taken
    missing = untaken - NOT_TAKEN.keys()
    return [
        *(f"no test takes the row {row}; write one, or say why not in NOT_TAKEN" for row in sorted(missing)),
        *(f"a test takes the row {row}, which NOT_TAKEN lists" for row in sorted(NOT_TAKEN.keys() & taken)),
        *(f"NOT_TAKEN lists {row}, which is no row" for row in sorted(NOT_TAKEN.keys() - rows)),
    ]


def _is_full(session):
    """Whether every test there is was run."""
    options = session.config.option
    chosen = (options.keyword, options.markexpr, options.deselect, options.ignore, options.ignore_glob)
    cached = (getattr(options, name, False) for name in ("lf", "stepwise"))  # not there without pytest's cache
    other = (options.collectonly, options.setuponly, options.setupplan)
    return session.config.args_source == pytest.Config.ArgsSource.TESTPATHS and not any((*chosen, *cached, *other))
