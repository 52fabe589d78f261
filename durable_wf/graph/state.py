"""What the core keeps in memory of one execution: tasks with in-degree counters, scopes, timers.

A scope is what tasks end in: an `execute()`'s graph, or a subgraph. Tasks of standard mode have none.
Every count here follows from rows, so that `load` can build it again.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from durable_wf.codec import decode
from durable_wf.model.rows import Kind
from durable_wf.model.states import ATTEMPT, EXECUTION, GRAPH, TASK, A, G, T, X
from durable_wf.retry import Policy

if TYPE_CHECKING:
    from durable_wf.model.events import Executes, Gets, Raised, Returned, Spec
    from durable_wf.model.rows import Execution

PENDING, SENT, STARTED, RESCHEDULED, UNKNOWN, SUCCEEDED, FAILED, SUPERSEDED = (TASK.code(state) for state in T)
IN_FLIGHT = frozenset({SENT, STARTED})
ENDED = frozenset({SUCCEEDED, FAILED, SUPERSEDED})
GRAPH_STARTED, GRAPH_PENDING = GRAPH.code(G.STARTED), GRAPH.code(G.PENDING)
GRAPH_ENDED = frozenset(GRAPH.code(state) for state in GRAPH.ended)
ATTEMPT_SENT, ATTEMPT_STARTED = ATTEMPT.code(A.SENT), ATTEMPT.code(A.STARTED)
EXECUTION_CODE = {state: EXECUTION.code(state) for state in X}
WORKED = frozenset({int(Kind.OPERATION), int(Kind.LOCAL)})  # what a worker runs; all else ends in the commit


class Request:
    """A stored request, shared by every task that asks for the same."""

    __slots__ = ("no", "policy", "text")

    def __init__(self, no: int, text: str) -> None:
        self.no = no
        self.text = text
        self.policy = Policy.from_json(decode(text)["policy"])


class Scope:
    """What tasks end in.

    no        the graph's number, or the subgraph task's
    open      members that may still come to an end: neither ended nor behind a failure
    running   members that are in flight, started or unknown
    failures  tasks whose failure this scope has, the innermost ones
    ended     nothing of it is started any more
    ended_seq seq of a graph's newest end
    """

    __slots__ = ("ended", "ended_seq", "failures", "members", "no", "open", "path", "running", "seq", "state", "wait_after_fail_s")

    def __init__(self, no: int, path: str = "", seq: int = 0, state: int = 0) -> None:
        self.no = no
        self.path = path
        self.seq = seq
        self.state = state
        self.members: list[TaskState] = []
        self.open = 0
        self.running = 0
        self.failures: list[int] = []
        self.ended = False
        self.ended_seq = 0
        self.wait_after_fail_s = 600.0


class TaskState:
    """A task: its row, and where it stands in the graph.

    waits     unmet conditions before it may start: dependencies, and its subgraph's start
    behind    behind a failure: never starts
    inner     the scope that a subgraph task is
    undecided the detail of a failed attempt that nobody has decided yet
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
        "inner",
        "kind",
        "n",
        "name",
        "no",
        "not_before_us",
        "parent",
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

    def __init__(  # noqa: PLR0913 - the key and the origin of a task; made in two places only
        self, no: int, graph: int | None, parent: int | None, kind: int, name: str, target: str, n: int, request: Request, seq: int
    ) -> None:
        self.no = no
        self.graph = graph
        self.parent = parent
        self.kind = kind
        self.name = name
        self.target = target
        self.n = n
        self.request = request
        self.seq = seq
        self.state = PENDING
        self.attempts = 0
        self.began_us: int | None = None
        self.retries = 0
        self.generation = 0
        self.not_before_us: int | None = None
        self.ended_seq: int | None = None
        self.detail: str | None = None
        self.undecided: str | None = None
        self.waits = 0
        self.behind = False
        self.fetched = False
        self.dependents: list[TaskState] | None = None
        self.scope: Scope | None = None
        self.inner: Scope | None = None
        self.spec: Spec | None = None


@dataclass(slots=True)
class Run:
    """One execution in memory.

    asked_seq   the newest seq at which a task was made that the function has asked for so far
    notes       failed task → the seq noted when its failure was first shown to the function
    wait        what the function is blocked on
    ending      what the function ended with, while something is still in flight
    """

    row: Execution
    tasks: dict[int, TaskState] = field(default_factory=dict)
    graphs: dict[str, Scope] = field(default_factory=dict)
    graph_by_no: dict[int, Scope] = field(default_factory=dict)
    requests: dict[str, Request] = field(default_factory=dict)
    keys: dict[tuple[int | None, int | None, int, str, str], int] = field(default_factory=dict)
    next_no: int = 1
    next_graph: int = 1
    ready: deque[TaskState] = field(default_factory=deque)
    freed: deque[TaskState] = field(default_factory=deque)
    in_flight: dict[int, TaskState] = field(default_factory=dict)
    rescheduled: set[int] = field(default_factory=set)
    unknown: dict[int, TaskState] = field(default_factory=dict)
    notes: dict[int, int] = field(default_factory=dict)
    asked_seq: int = 0
    standard: list[TaskState] = field(default_factory=list)
    wait: Gets | Executes | None = None
    ending: Returned | Raised | None = None
    stopping: bool = False
    over: bool = False

    def request(self, text: str) -> tuple[Request, bool]:
        """The stored request with this text, and whether it is new."""
        found = self.requests.get(text)
        if found is not None:
            return found, False
        made = self.requests[text] = Request(len(self.requests) + 1, text)
        return made, True
