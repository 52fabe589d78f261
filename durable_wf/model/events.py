"""Facts that the core is told. From the workflow function: what it asks for. From outside: what happened."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from durable_wf.model.protocol import Logged, OperationOutcome
    from durable_wf.model.rows import Kind


@dataclass(slots=True, eq=False)
class Spec:
    """A task as the workflow function asks for it. Mutable only in `no`, which the core gives.

    kind, name, target  its key
    request             canonical JSON: arguments and policy
    parent              the subgraph it is in
    callable            what a LOCAL task runs; comes back by replay, is never stored
    no                  its number in the execution; 0 until the core has seen it
    on_success          whether the author's handler is asked when it ends well
    on_failure          whether it is asked when it fails; never after the operation asked to be run again
    on_rerun            whether it is asked before the task runs again after a resume
    """

    kind: Kind
    name: str
    target: str
    request: str
    parent: Spec | None = None
    callable: Callable[..., Any] | None = None
    no: int = 0
    on_success: bool = False
    on_failure: bool = False
    on_rerun: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """Standard mode: make this task and start it."""

    spec: Spec


@dataclass(frozen=True, slots=True)
class Executes:
    """Graph mode: store what was added to the graph since its last execute, and run it.

    path   identifies the graph and the how-many-th execute of it
    specs  parents before their members
    edges  (task, what it waits for); the latter may be of an earlier execute
    wait_after_fail_s   how long independent branches may go on after the first failure
    removed    tasks of earlier executes that were taken out of the graph
    unlinked   edges of earlier executes that were taken out
    """

    path: str
    specs: list[Spec]
    edges: list[tuple[Spec, Spec]]
    wait_after_fail_s: float = 600.0
    removed: list[Spec] = field(default_factory=list)
    unlinked: list[tuple[Spec, Spec]] = field(default_factory=list)


class Action(StrEnum):
    """What a handler decides about a task that has an outcome (workflow-api §3.6)."""

    CONTINUE = "continue"  # it counts as ended well
    IGNORE = "ignore"  # it failed, and what depends on it runs all the same
    RETRY = "retry"  # tried again, or replaced
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Decides:
    """The answer to a `Consult`: what the handler decided, and what it added to and took from the graph.

    task           the task it was asked about
    action         after the retry budget was looked at: a retry that is not allowed is a FAIL here
    retry_after_s  seconds until the next attempt, or until `replacement` may start; None for the task's own interval
    specs, edges, removed, unlinked   as in `Executes`; an edge may begin at a task that waits already
    replacement    with RETRY, the task (one of `specs`, or one stored before) that takes this one's place: it inherits
                   what depends on it and what it depends on
    error          with FAIL, what the handler itself raised, as in the journal; None where it only decided
    """

    task: Spec
    action: Action
    retry_after_s: float | None = None
    specs: list[Spec] = field(default_factory=list)
    edges: list[tuple[Spec, Spec]] = field(default_factory=list)
    removed: list[Spec] = field(default_factory=list)
    unlinked: list[tuple[Spec, Spec]] = field(default_factory=list)
    replacement: Spec | None = None
    error: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Gets:
    """Standard mode: block until this task is decided.

    retry  False: a failed attempt is not tried again, whatever its policy says
    """

    spec: Spec
    retry: bool = True


@dataclass(frozen=True, slots=True)
class Returned:
    """The function returned. result_json: canonical JSON, None for None."""

    result_json: str | None


@dataclass(frozen=True, slots=True)
class Raised:
    """The function raised.

    error      as in the journal
    ended_by   numbers of the failed tasks in the nearest exception that carries any
    cancelled  it is `ExecutionCancelled`
    """

    error: dict[str, Any]
    ended_by: tuple[int, ...] = ()
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Begins:
    """The function is about to be called, and asks at which seq it sees the storage."""


class Level(StrEnum):
    """How hard a cancel request is (workflow-api §5.2). It only rises."""

    CANCEL = "cancel"  # the function is told, and may clean up
    FORCE = "force"  # nobody waits for the function
    KILL = "kill"  # and what runs is killed


@dataclass(frozen=True, slots=True)
class Polls:
    """The function asks, for the n-th time, whether a cancel request waits for it."""

    n: int


@dataclass(frozen=True, slots=True)
class Cancels:
    """The function asks that its own execution be cancelled."""

    level: Level


FromFunction = Begins | Asked | Executes | Decides | Gets | Polls | Cancels | Returned | Raised


class Begun(NamedTuple):
    """A worker has begun an attempt."""

    no: int
    attempt: int
    began_us: int


class Ended(NamedTuple):
    """An attempt has ended."""

    no: int
    attempt: int
    outcome: OperationOutcome


class Said(NamedTuple):
    """Lines and events of an attempt, or of the workflow function itself, in the order in which they were said.

    no, attempt  None for the function
    """

    no: int | None
    attempt: int | None
    lines: list[Logged]


class Due(NamedTuple):
    """A timer that the core armed has come due."""

    timer: tuple[str, int]


@dataclass(frozen=True, slots=True)
class Stops:
    """The runner was asked to stop: hand nothing out, take back what has not begun."""

    handed_back: list[tuple[int, int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Abandoned:
    """Nobody waits any more for the function and for what runs, and what can be killed was."""


FromOutside = Begun | Ended | Due | Said | Stops | Abandoned
