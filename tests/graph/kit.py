"""A core on the bench: told what happens turn by turn, its commands looked at. No journal, no thread, no clock."""

from __future__ import annotations

from durable_wf.clock import Instant
from durable_wf.codec import encode
from durable_wf.graph import cancel
from durable_wf.graph.build import GraphBuild
from durable_wf.graph.decide import Core
from durable_wf.graph.pen import Pen
from durable_wf.model import rows
from durable_wf.model.events import Begins, Ended, Spec
from durable_wf.model.protocol import OperationOutcome, Status
from durable_wf.model.rows import Kind, Subject
from durable_wf.model.states import EXECUTION, GE, GRAPH, TASK, TE, XE, X

SECOND = 1_000_000
NOW = Instant(1_790_000_000 * SECOND, 1_000 * SECOND, "boot")


def spec(name, parent=None, *, kind=Kind.OPERATION, target="", retries=0, interval=10.0, on_unknown="rerun", **kwargs):
    """A task as the workflow function asks for it."""
    policy = {"total_retries": retries, "retry_interval": interval, "on_unknown": on_unknown}
    return Spec(kind, name, target, encode({"kwargs": kwargs, "policy": policy}), parent)


def sub(name, parent=None):
    """A subgraph."""
    return spec(name, parent, kind=Kind.SUBGRAPH)


def graph(*specs, edges=(), build=None, wait_after_fail_s=600.0):
    """An execute() of these, of a new graph or as the next one of `build`."""
    build = build or GraphBuild("g")
    for one in specs:
        build.add(one)
    for one, on in edges:
        build.depend(one, on)
    return build.take(wait_after_fail_s)


def ended(no, attempt=1, **how):
    """A worker's outcome: a success unless `error` says something else."""
    status = Status.FAILED if "error" in how else Status.SUCCEEDED
    if how.pop("again", False):
        status = Status.RETRY
    if "error" in how:
        text = how["error"]
        how["error"] = {"type": "tests:Boom", "message": text, "arguments": [text], "traceback": "", "causes": []}
    return Ended(no, attempt, OperationOutcome(status, NOW.wall_us, NOW.wall_us, **how))


class Storage:
    """Node instances by name."""

    def __init__(self, *names):
        self.rows = {
            name: rows.Instance(
                at, 1, "node", name, 1, "uninitialized", "{}", "{}", "[]", None, "[]", 1, 1, 1, 0
            )
            for at, name in enumerate(names, 1)
        }  # fmt: skip

    def instance(self, name):
        return self.rows.get(name)

    def put(self, row):
        self.rows[row.name] = row


def new_history():
    """What the journal remembers of an execution that has not begun."""
    row = rows.Execution(
        1, "uid", 1, "wf", "mod:f", "{}", "{}", "{}", None, NOW.wall_us, 1, EXECUTION.code(X.PENDING), 1,
        None, None, None, None, None,
    )  # fmt: skip
    return rows.History(row, [], [], [], [], [], [], [], [], 1)


class Bench:
    """One new execution.

    pen    of the last turn
    idle   (task, attempt) that no worker would have begun when a cancel request takes work back
    story  (subject, number, event) of every transition so far, for tasks, graphs and the execution
    """

    def __init__(self, *instances, workers=2, window=2):
        self.core = Core(new_history())
        self.storage = Storage(*instances)
        self.workers, self.window = workers, window
        self.now = NOW
        self.seq = 2
        self.story = []
        self.pen = None
        self.idle = []
        self.turn(Begins())

    def turn(self, *events):
        """One turn of the host; its commands."""
        core = self.core
        pen = self.pen = Pen(core.run, self.seq, self.now, self.storage)
        for event in events:
            if core.replay is not None:
                core.go_live(pen, event)
            else:
                core.handle(pen, event)
        if core.run.cancel.hands_back:
            cancel.hand_back(core.run, pen, self.idle)
        core.hand_out(pen, workers=self.workers, window=self.window)
        if not core.lie_down_if_idle(pen):
            core.conclude(pen)
        self.seq = pen.seq
        self.story += list(filter(None, map(_told, pen.changes.transitions)))
        return tuple(pen.commands)

    def later(self, seconds):
        """Time passes."""
        by_us = int(seconds * SECOND)
        self.now = Instant(self.now.wall_us + by_us, self.now.boot_us + by_us, self.now.boot_id)

    def states(self):
        """The states of all tasks, by name."""
        return {task.name: str(TASK.states[task.state]) for task in self.core.run.tasks.values()}

    def no(self, name):
        """The number of the task with this name: subgraphs come before what is in them."""
        return next(no for no, task in self.core.run.tasks.items() if task.name == name)

    def graph_states(self):
        """The states of all graphs, by number."""
        return {no: str(GRAPH.states[scope.state]) for no, scope in self.core.run.graph_by_no.items()}


def _told(row):
    events = {Subject.TASK: TE, Subject.GRAPH: GE, Subject.EXECUTION: XE}.get(row.subject)
    return None if events is None else (Subject(row.subject).name.lower(), row.subject_no, tuple(events)[row.event])
