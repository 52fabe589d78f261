"""What the core keeps in memory of one execution: tasks with in-degree counters, scopes, timers.

A scope is what tasks end in: an `execute()`'s graph, or a subgraph. Tasks of standard mode have none.
Every count here follows from rows, so that `load` can build it again.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from durable_wf.codec import decode
from durable_wf.model.rows import Kind
from durable_wf.model.states import ATTEMPT, EXECUTION, GRAPH, TASK, A, G, T, X
from durable_wf.retry import Policy, usable_s

if TYPE_CHECKING:
    from durable_wf.model.events import Executes, Gets, Raised, Returned, Spec
    from durable_wf.model.rows import Execution, Task

PENDING, SENT, STARTED, RESCHEDULED, UNKNOWN, SUCCEEDED, FAILED, SUPERSEDED = (TASK.code(state) for state in T)
IN_FLIGHT = frozenset({SENT, STARTED})
ENDED = frozenset({SUCCEEDED, FAILED, SUPERSEDED})
GRAPH_STARTED, GRAPH_PENDING = GRAPH.code(G.STARTED), GRAPH.code(G.PENDING)
GRAPH_CANCELLED = GRAPH.code(G.CANCELLED)
GRAPH_ENDED = frozenset(GRAPH.code(state) for state in GRAPH.ended)
ATTEMPT_SENT, ATTEMPT_STARTED = ATTEMPT.code(A.SENT), ATTEMPT.code(A.STARTED)
EXECUTION_CODE = {state: EXECUTION.code(state) for state in X}
WORKED = frozenset({int(Kind.OPERATION), int(Kind.LOCAL)})  # what a worker runs; all else ends in the commit


class Request:
    """A stored request, shared by every task that asks for the same.

    repeatable     what its policy says (see `Policy.repeatable`), asked for several times a task
    not_before_us  wall time before which the author wants no first attempt; 0 where that is not said
    """

    __slots__ = ("no", "not_before_us", "policy", "repeatable", "text")

    def __init__(self, no: int, text: str) -> None:
        body = decode(text)
        self.no = no
        self.text = text
        self.policy = Policy.from_json(body["policy"])
        self.repeatable = self.policy.repeatable
        self.not_before_us = int((usable_s(body.get("execute_after")) or 0.0) * 1_000_000)


class Failure(NamedTuple):
    """What holds a task back for good.

    seq    when it came to be; where several hold a task, the earliest counts
    tasks  numbers of the failed tasks, the innermost ones
    """

    seq: int
    tasks: tuple[int, ...]


class Scope:
    """What tasks end in: a graph, or the subgraph `task`.

    no        the graph's number, or the subgraph task's
    open      members that may still come to an end: neither ended nor behind a failure
    failures  numbers of the tasks whose failure this scope has, the innermost ones; as recorded once it has ended
    stopped   the failure because of which nothing more of it is started; None while it goes on
    ended_seq seq of a graph's newest end
    due_us    by boot time, before which wait_after_fail is not over
    failing_json  what was recorded of that when the graph had its first failure
    """

    __slots__ = (
        "due_us", "ended", "ended_seq", "failing_json", "failures", "members", "no", "open", "path", "seq", "state",
        "stopped", "task", "wait_after_fail_s",
    )  # fmt: skip

    def __init__(self, no: int, path: str = "", seq: int = 0, state: int = 0, task: TaskState | None = None) -> None:
        self.no = no
        self.path = path
        self.seq = seq
        self.state = state
        self.task = task
        self.members: list[TaskState] = []
        self.open = 0
        self.failures: dict[int, None] = {}
        self.stopped: Failure | None = None
        self.ended = False
        self.ended_seq = 0
        self.due_us = 0
        self.failing_json: str | None = None
        self.wait_after_fail_s = 600.0

    @property
    def failed(self) -> tuple[int, ...]:
        """The failures, in a fixed order."""
        return tuple(sorted(self.failures))


class TaskState:
    """A task: its row, and where it stands in the graph.

    ended_seq, detail   of its newest attempt's outcome, or of its own; None from a new attempt on
    waits     unmet conditions before it may start: dependencies, and its subgraph's start
    behind    the failure because of which it never starts, or None
    inner     the scope that a subgraph task is
    undecided the detail of an outcome that nobody has decided yet: of a failed attempt that the function has not
              fetched, or of a task whose handler is to be asked
    is_good   whether that outcome is a good one
    ignored   it failed, and its handler decided that what depends on it runs all the same
    removed   the author took it out of the graph: it is not started any more, and nothing waits for it
    replaced_by  the task that took its place, by decision of its handler
    preceded  it runs again after a resume, and its handler was asked what is to be done first
    """

    __slots__ = (
        "attempts",
        "began_us",
        "behind",
        "dependents",
        "detail",
        "ended_seq",
        "fetched",
        "generation",
        "graph",
        "ignored",
        "inner",
        "is_good",
        "kind",
        "n",
        "name",
        "no",
        "not_before_us",
        "parent",
        "preceded",
        "removed",
        "replaced_by",
        "request",
        "retries",
        "scope",
        "seq",
        "spec",
        "state",
        "target",
        "undecided",
        "waits",
    )

    def __init__(self, row: Task, request: Request) -> None:
        self.no = row.no
        self.graph = row.graph
        self.parent = row.parent
        self.kind = row.kind
        self.name = row.name
        self.target = row.target
        self.n = row.n
        self.request = request
        self.seq = row.seq
        self.state = row.state
        self.attempts = row.attempts
        self.began_us: int | None = None
        self.retries = row.retries
        self.generation = row.generation
        self.not_before_us = row.not_before_us
        self.ended_seq = row.ended_seq
        self.detail: str | None = None
        self.undecided: str | None = None
        self.waits = 0
        self.behind: Failure | None = None
        self.fetched = False
        self.dependents: list[TaskState] | None = None
        self.scope: Scope | None = None
        self.inner: Scope | None = None
        self.spec: Spec | None = None
        self.is_good = False
        self.ignored = False
        self.removed = False
        self.replaced_by: TaskState | None = None
        self.preceded = False

    @property
    def holds(self) -> bool:
        """Whether it does not run and never will: behind a failure, or taken out."""
        return self.behind is not None or self.removed

    @property
    def goes_on(self) -> bool:
        """Whether it was handed out before and has had no outcome since: handed back, lost, or reset.

        Without a crash or a stop it would be running, so no failure elsewhere holds it back (L5).
        """
        return self.state == PENDING and self.attempts > 0 and self.ended_seq is None and not self.preceded


@dataclass(slots=True)
class Cancel:
    """A cancel request, as far as it goes on (see `graph.cancel`).

    stands   there is one
    told     the seq at which the function was told of it; None before
    telling  which call was told: `("get", task)`, `("execute", path)` or `("poll", n)`
    heard    the function has come to that call; in a replay this is later than `told`
    hands_back   what no worker has begun is to be taken back in this turn
    is_abandoned  nobody waits any more for the function and for what runs
    """

    stands: bool = False
    told: int | None = None
    telling: tuple[str, int | str] | None = None
    heard: bool = False
    hands_back: bool = False
    is_abandoned: bool = False


@dataclass(slots=True)
class Run:
    """One execution in memory.

    is_dry      it is a dry run: its tasks are only shown
    ready       tasks that a worker may have, in the order in which they were freed
    again       tasks that go on (see `TaskState.goes_on`): handed out before any other
    rescheduled task that waits for an attempt, its next or its first → when that is due, by boot time
    asked_seq   the newest seq at which the function has asked for something so far
    notes       failed task → the seq noted when its failure was first shown to the function
    standard    tasks of standard mode, in the order of asking; `open` of them have not ended
    asking      tasks with an outcome about which a handler is to be asked, in the order of the outcomes
    asked       the one whose handler runs now
    delayed     replacement that must not start yet → when it may, by boot time
    unlinked    edges that were stored and taken out again → seq of that
    removed     task that was taken out → seq of that; what is in it is not listed
    added_by    seq of a handler's decision → the task that it was about: it has added the tasks with that seq
    quieting    ends of a modification that wait until no attempt of the deployment runs (see `graph.quiet`)
    late        (task, attempt) that began before a rollback: its result counts, its property changes do not
    wait        what the function is blocked on
    ending      what the function ended with, while something is still to come
    cancel      the cancel request, if any
    """

    row: Execution
    is_dry: bool = False
    tasks: dict[int, TaskState] = field(default_factory=dict)
    graphs: dict[str, Scope] = field(default_factory=dict)
    graph_by_no: dict[int, Scope] = field(default_factory=dict)
    requests: dict[str, Request] = field(default_factory=dict)
    keys: dict[tuple[int | None, int | None, int, str, str], int] = field(default_factory=dict)
    next_no: int = 1
    next_graph: int = 1
    ready: deque[TaskState] = field(default_factory=deque)
    again: deque[TaskState] = field(default_factory=deque)
    freed: deque[TaskState] = field(default_factory=deque)
    in_flight: dict[int, TaskState] = field(default_factory=dict)
    rescheduled: dict[int, int] = field(default_factory=dict)
    unknown: dict[int, TaskState] = field(default_factory=dict)
    notes: dict[int, int] = field(default_factory=dict)
    asked_seq: int = 0
    standard: list[TaskState] = field(default_factory=list)
    open: int = 0
    asking: list[TaskState] = field(default_factory=list)
    asked: TaskState | None = None
    delayed: dict[int, int] = field(default_factory=dict)
    unlinked: dict[tuple[int, int], int] = field(default_factory=dict)
    removed: dict[int, int] = field(default_factory=dict)
    added_by: dict[int, int] = field(default_factory=dict)
    quieting: list[TaskState] = field(default_factory=list)
    late: set[tuple[int, int]] = field(default_factory=set)
    wait: Gets | Executes | None = None
    ending: Returned | Raised | None = None
    cancel: Cancel = field(default_factory=Cancel)
    stopping: bool = False
    over: bool = False

    def holds_back(self, task: TaskState) -> bool:
        """Whether a cancel request keeps the task from starting: it was asked for before the function was told."""
        cancel = self.cancel
        return cancel.stands and (cancel.told is None or task.seq < cancel.told) and not task.goes_on

    def request(self, text: str) -> tuple[Request, bool]:
        """The stored request with this text, and whether it is new."""
        found = self.requests.get(text)
        if found is not None:
            return found, False
        made = self.requests[text] = Request(len(self.requests) + 1, text)
        return made, True
