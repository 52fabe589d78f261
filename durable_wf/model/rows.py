"""What the journal stores, as immutable rows whose fields are the columns of their table, in order.

A row is written once (`Transition`, `Task`, …) or moves by a `…Move`, which sets exactly the columns that may
change. States are codes (`Machine.code`), instants are microseconds since the epoch, texts named `…_json` are
canonical JSON. `seq` is the number of the transition that made the row: it orders everything, and it tells
which link of the hash chain covers it. Numbers (`no`) count within one execution and are never used again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from durable_wf.model import deployed


class Subject(IntEnum):
    """What a transition is about. Codes in the journal: append only."""

    EXECUTION = 0
    GRAPH = 1
    TASK = 2
    ATTEMPT = 3
    NODE_INSTANCE = 4
    DEPLOYMENT = 5
    BLUEPRINT = 6
    MODIFICATION = 7
    MODIFICATION_STEP = 8


class Kind(IntEnum):
    """What a task is. Codes in the journal: append only."""

    OPERATION = 0  # a function by its path, with or without a node instance
    LOCAL = 1  # a callable that only the workflow function has
    SET_STATE = 2
    GET_STATE = 3
    EVENT = 4
    REFRESH = 5  # moves the view of the storage
    SUBGRAPH = 6
    HUB = 7  # the knot between two forkjoins: n + m edges instead of n × m
    NOP = 8
    DRY_RUN = 9  # what an operation, a local task or a write is in a dry run: shown, not done
    UPDATE_INSTANCE = 10  # writes a node instance, and moves the view of the storage
    EXECUTION_STATUS = 11  # a status that a workflow gives its execution; always refused
    START_MODIFICATION = 12  # changes the deployment, and moves the view of the storage; so do its ends
    FINISH_MODIFICATION = 13
    ROLLBACK_MODIFICATION = 14
    LIST_MODIFICATIONS = 15  # those that have started and not ended


class Transition(NamedTuple):
    """One change. Append only.

    execution       0 where no execution did it (a deployment was created)
    source          code of the state before; None for a change that has no states
    attempt         number of the attempt that moves at the same moment, with its new state, or None
    fence           the fence of the runner that wrote it; 0 where no runner did
    detail_json     what came with it: result, error, wait, who asked
    """

    execution: int
    seq: int
    subject: int
    subject_no: int
    source: int | None
    target: int
    event: int
    at_us: int
    attempt: int | None
    attempt_target: int | None
    fence: int
    detail_json: str | None


class Blueprint(NamedTuple):
    """A compiled blueprint. hashes_json: path of each source → its SHA-256."""

    id: int
    name: str
    source: str
    plan_json: str
    hashes_json: str
    created_us: int
    seq: int


class Deployment(NamedTuple):
    """A blueprint with inputs. settings_json: what was chosen for all its executions (`on_unknown`)."""

    id: int
    name: str
    blueprint: int
    inputs_json: str
    settings_json: str
    created_us: int
    seq: int
    gone: int


class Node(NamedTuple):
    """A node of a deployment, as planned. body_json: `model.plan` node as JSON."""

    deployment: int
    name: str
    body_json: str
    seq: int
    gone: int


class Instance(NamedTuple):
    """A node instance.

    version   what users see; a rollback restores it
    revision  rises with every write and never goes back, so that a stale writer cannot pass
    """

    id: int
    deployment: int
    node: str
    name: str
    idx: int
    state: str
    runtime_properties_json: str
    system_properties_json: str
    relationships_json: str
    host: str | None
    scaling_groups_json: str
    version: int
    revision: int
    seq: int
    gone: int


class Execution(NamedTuple):
    """One run of a workflow. Columns from `state` on move."""

    id: int
    uid: str
    deployment: int | None
    workflow: str
    function: str
    parameters_json: str
    options_json: str
    code_json: str
    key: str | None
    created_us: int
    seq: int
    state: int
    fence: int
    owner_json: str | None
    started_us: int | None
    ended_us: int | None
    ended_seq: int | None
    report: str | None


class ExecutionMove(NamedTuple):
    """The new values of an execution's moving columns, then its key."""

    state: int
    fence: int
    owner_json: str | None
    started_us: int | None
    ended_us: int | None
    ended_seq: int | None
    report: str | None
    id: int


class Graph(NamedTuple):
    """One `execute()`: what the function added to, and took from, its graph since the one before."""

    execution: int
    no: int
    path: str
    seq: int
    state: int


class GraphMove(NamedTuple):
    """A graph's new state, then its key."""

    state: int
    execution: int
    no: int


class Task(NamedTuple):
    """One durable unit of work.

    graph      number of the tasks graph it was stored with; None in standard mode
    parent     number of the subgraph task it is in, or None
    name       with kind, target and n: its key under the parent
    target     the instance it is about: `id`, or `source->target`; empty for none
    n          1 for the first of its key under its parent, superseded rows not counted
    request    number of the `Payload` with its arguments and policy
    retries    how often a retry was decided since the last RESET
    generation rises with an explicit RESET; part of the idempotency key
    ended_seq  seq of the transition with its outcome
    """

    execution: int
    no: int
    graph: int | None
    parent: int | None
    kind: int
    name: str
    target: str
    n: int
    request: int
    seq: int
    state: int
    attempts: int
    retries: int
    generation: int
    not_before_us: int | None
    ended_seq: int | None


class TaskMove(NamedTuple):
    """The new values of a task's moving columns, then its key."""

    state: int
    attempts: int
    retries: int
    generation: int
    not_before_us: int | None
    ended_seq: int | None
    execution: int
    no: int


class Dependency(NamedTuple):
    """`task` waits for `on`."""

    execution: int
    task: int
    on: int
    seq: int


class Payload(NamedTuple):
    """A request, written once and shared by all tasks of the execution that ask for the same."""

    execution: int
    no: int
    seq: int
    body_json: str


class Attempt(NamedTuple):
    """One try of a task. began_us and ended_us agree with the state."""

    execution: int
    task: int
    number: int
    seq: int
    fence: int
    state: int
    began_us: int | None
    ended_us: int | None


class AttemptMove(NamedTuple):
    """The new values of an attempt's moving columns, then its key."""

    state: int
    began_us: int | None
    ended_us: int | None
    execution: int
    task: int
    number: int


class Event(NamedTuple):
    """What people read: events that a workflow or operation sent, and logs. Append only.

    id  0 when given to the store, which numbers it
    """

    id: int
    execution: int
    task: int | None
    attempt: int | None
    at_us: int
    type: str
    level: str
    message: str
    context_json: str | None


class Request(NamedTuple):
    """A row of the inbox: what somebody else asks of an execution's runner.

    key        idempotency key: a second request with the same key is the first one
    taken_seq  the newest seq when the runner took it; None before
    """

    id: int
    execution: int
    kind: str
    key: str | None
    payload_json: str | None
    requester: str
    at_us: int
    taken_seq: int | None


class Link(NamedTuple):
    """One link of a hash chain: the SHA-256 of the link before and of the rows it covers.

    deployment  0 for an execution's chain; execution is 0 for a deployment's
    last_seq, last_event   it covers the chain's rows up to these, from those of the link before on
    """

    execution: int
    deployment: int
    ordinal: int
    last_seq: int
    last_event: int
    hash: bytes


@dataclass(slots=True)
class Changes:
    """What one transaction writes. The store writes the lists in this order, each in its own order.

    Events get their ids from the store; everything else is complete. `taken` are ids of inbox rows.
    """

    blueprints: list[Blueprint] = field(default_factory=list)
    deployments: list[Deployment] = field(default_factory=list)  # inserted, or replaced by id
    nodes: list[Node] = field(default_factory=list)  # inserted, or replaced by (deployment, name)
    instances: list[Instance] = field(default_factory=list)  # inserted, or replaced by id
    scaling: list[deployed.Scaling] = field(default_factory=list)  # as nodes
    executions: list[Execution] = field(default_factory=list)
    payloads: list[Payload] = field(default_factory=list)
    graphs: list[Graph] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    dependencies: list[Dependency] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    modifications: list[deployed.Modification] = field(default_factory=list)
    modification_steps: list[deployed.ModificationStep] = field(default_factory=list)
    modification_moves: list[deployed.ModificationMove] = field(default_factory=list)
    modification_step_moves: list[deployed.ModificationStepMove] = field(default_factory=list)
    execution_moves: list[ExecutionMove] = field(default_factory=list)
    graph_moves: list[GraphMove] = field(default_factory=list)
    task_moves: list[TaskMove] = field(default_factory=list)
    attempt_moves: list[AttemptMove] = field(default_factory=list)
    transitions: list[Transition] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    taken: list[int] = field(default_factory=list)

    def __bool__(self) -> bool:
        return any(getattr(self, name) for name in self.__slots__)


class Outcome(NamedTuple):
    """The outcome of a task: what the transition at its `ended_seq` carries.

    subject  Subject.TASK, or Subject.ATTEMPT where the outcome is not decided yet
    """

    no: int
    seq: int
    subject: int
    event: int
    detail_json: str | None


@dataclass(frozen=True, slots=True)
class History:
    """All that the journal remembers of one execution and a replay needs; superseded tasks included.

    tasks        by number
    attempts     only those of tasks in `sent`, `started` or `unknown`, by (task, number)
    outcomes     by task number, for each task whose `ended_seq` is set and whose transition there has a detail
    transitions  only those about the execution and its graphs, by seq
    decisions    those of tasks in which a handler's decision is recorded, by seq
    last_seq     the newest seq of the journal when this was read
    """

    execution: Execution
    payloads: list[Payload]
    graphs: list[Graph]
    tasks: list[Task]
    dependencies: list[Dependency]
    attempts: list[Attempt]
    outcomes: list[Outcome]
    transitions: list[Transition]
    decisions: list[Transition]
    last_seq: int
