"""Every state machine of the engine, as tables. A state's name stands nowhere else.

Names are those of the reference (workflow-api §3.2, §5.4, §2.8); where we add one, the row's `why` says so.
The order of members is their code in the journal: append only, never reorder.
"""

from __future__ import annotations

from enum import StrEnum
from itertools import pairwise

from durable_wf.model.machine import Machine, Row


class X(StrEnum):
    """States of an execution."""

    SCHEDULED = "scheduled"
    QUEUED = "queued"
    PENDING = "pending"
    STARTED = "started"
    PAUSED = "paused"
    CANCELLING = "cancelling"
    FORCE_CANCELLING = "force_cancelling"
    KILL_CANCELLING = "kill_cancelling"
    INTERRUPTED = "interrupted"
    TERMINATED = "terminated"
    FAILED = "failed"
    CANCELLED = "cancelled"


class XE(StrEnum):
    """Events of an execution."""

    CAME_DUE = "came_due"
    ADMITTED = "admitted"
    STARTED = "started"
    RETURNED = "returned"
    RAISED = "raised"
    UNWOUND = "unwound"
    WAITS = "waits"
    PAUSED = "paused"
    UNPAUSED = "unpaused"
    CANCEL = "cancel"
    FORCE = "force"
    KILL = "kill"
    CALLED_OFF = "called_off"
    OWNER_GONE = "owner_gone"
    LAID_DOWN = "laid_down"
    RESUMED = "resumed"
    RESUMED_CANCELLING = "resumed_cancelling"
    TRIES_USED_UP = "tries_used_up"
    REOPENED = "reopened"
    CREATED = "created"  # moves nothing: that it was asked for, and when
    TOLD = "told"  # moves nothing: where the function was told of the cancel request


EXECUTION = Machine(
    "execution",
    X.PENDING,
    frozenset({X.TERMINATED, X.FAILED, X.CANCELLED}),
    (
        Row(X.PENDING, XE.STARTED, X.STARTED, "a runner owns it and calls the workflow function"),
        Row(X.STARTED, XE.RETURNED, X.TERMINATED, "the function returned and every task it asked for has ended"),
        Row(X.STARTED, XE.RAISED, X.FAILED, "the function, or a task that nobody fetched, failed"),
        Row(X.STARTED, XE.UNWOUND, X.CANCELLED, "the function raised ExecutionCancelled by itself"),
        Row(X.STARTED, XE.WAITS, X.SCHEDULED, "ours: nothing to do before a time or a signal; needs no runner"),
        Row(X.SCHEDULED, XE.CAME_DUE, X.QUEUED, "its time has come"),
        Row(X.QUEUED, XE.ADMITTED, X.PENDING, "its deployment and the limits let it in"),
        Row(X.STARTED, XE.PAUSED, X.PAUSED, "ours: a person asked to start nothing new"),
        Row(X.PAUSED, XE.UNPAUSED, X.STARTED, "ours: and to go on"),
        Row(X.STARTED, XE.CANCEL, X.CANCELLING, "asked to cancel: the function is told at its next blocking call"),
        Row(X.STARTED, XE.FORCE, X.FORCE_CANCELLING, "asked to cancel without waiting for the function"),
        Row(X.STARTED, XE.KILL, X.KILL_CANCELLING, "asked to cancel and to kill what runs"),
        Row(X.CANCELLING, XE.FORCE, X.FORCE_CANCELLING, "the cancel was made stronger"),
        Row(X.CANCELLING, XE.KILL, X.KILL_CANCELLING, "the cancel was made stronger"),
        Row(X.FORCE_CANCELLING, XE.KILL, X.KILL_CANCELLING, "the cancel was made stronger"),
        Row(X.CANCELLING, XE.UNWOUND, X.CANCELLED, "the function was told and has ended"),
        Row(X.FORCE_CANCELLING, XE.UNWOUND, X.CANCELLED, "nobody waits for the function any more"),
        Row(X.KILL_CANCELLING, XE.UNWOUND, X.CANCELLED, "what ran was killed"),
        Row(X.PAUSED, XE.CALLED_OFF, X.CANCELLED, "cancelled while nobody ran it: the function is not called"),
        Row(X.SCHEDULED, XE.CALLED_OFF, X.CANCELLED, "cancelled while nobody ran it: the function is not called"),
        Row(X.QUEUED, XE.CALLED_OFF, X.CANCELLED, "cancelled while nobody ran it: the function is not called"),
        Row(X.PENDING, XE.CALLED_OFF, X.CANCELLED, "cancelled while nobody ran it: the function is not called"),
        Row(X.INTERRUPTED, XE.CALLED_OFF, X.CANCELLED, "cancelled while nobody ran it: the function is not called"),
        Row(X.CANCELLING, XE.RAISED, X.FAILED, "the function failed while it cleaned up"),
        Row(X.PENDING, XE.RAISED, X.FAILED, "the workflow function could not be loaded or called"),
        Row(X.PENDING, XE.OWNER_GONE, X.INTERRUPTED, "ours: its runner died before it began"),
        Row(X.STARTED, XE.OWNER_GONE, X.INTERRUPTED, "ours: its runner died; written by the claim that follows"),
        Row(X.CANCELLING, XE.OWNER_GONE, X.INTERRUPTED, "ours: its runner died while cancelling"),
        Row(X.FORCE_CANCELLING, XE.OWNER_GONE, X.INTERRUPTED, "ours: its runner died while cancelling"),
        Row(X.KILL_CANCELLING, XE.OWNER_GONE, X.INTERRUPTED, "ours: its runner died while cancelling"),
        Row(X.PENDING, XE.LAID_DOWN, X.INTERRUPTED, "ours: its runner stopped in order before it began"),
        Row(X.STARTED, XE.LAID_DOWN, X.INTERRUPTED, "ours: its runner stopped in order, or it asks a person"),
        Row(X.CANCELLING, XE.LAID_DOWN, X.INTERRUPTED, "ours: its runner stopped in order while cancelling"),
        Row(X.INTERRUPTED, XE.RESUMED, X.STARTED, "ours: the replay has met the end of the history"),
        Row(X.INTERRUPTED, XE.RESUMED_CANCELLING, X.CANCELLING, "ours: the same, and a cancel stands"),
        Row(X.INTERRUPTED, XE.TRIES_USED_UP, X.FAILED, "ours: it was interrupted too often without progress"),
        Row(X.FAILED, XE.REOPENED, X.STARTED, "a person resumed it: failures reset, later work superseded"),
        Row(X.CANCELLED, XE.REOPENED, X.STARTED, "a person resumed it: the cancel is withdrawn"),
    ),
)


class T(StrEnum):
    """States of a task."""

    PENDING = "pending"
    SENT = "sent"
    STARTED = "started"
    RESCHEDULED = "rescheduled"
    UNKNOWN = "unknown"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SUPERSEDED = "superseded"


class TE(StrEnum):
    """Events of a task."""

    HANDED_OUT = "handed_out"
    HANDED_BACK = "handed_back"
    BEGAN = "began"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    RETRY = "retry"
    CAME_DUE = "came_due"
    OWNER_GONE = "owner_gone"
    RERUN = "rerun"
    SETTLED = "settled"
    RESET = "reset"
    SUPERSEDED = "superseded"
    ASKED = "asked"  # moves nothing: that the function asked for it, and when


TASK = Machine(
    "task",
    T.PENDING,
    frozenset({T.SUCCEEDED, T.FAILED, T.SUPERSEDED}),
    (
        Row(T.PENDING, TE.HANDED_OUT, T.SENT, "given to a worker: it may have begun"),
        Row(T.SENT, TE.HANDED_BACK, T.PENDING, "never begun: its runner stopped in order"),
        Row(T.SENT, TE.BEGAN, T.STARTED, "a worker has begun it"),
        Row(
            T.PENDING,
            TE.BEGAN,
            T.STARTED,
            "a subgraph whose content may start; an effect that is written and asked about",
        ),
        Row(T.STARTED, TE.SUCCEEDED, T.SUCCEEDED, "decided: it ended well"),
        Row(T.STARTED, TE.FAILED, T.FAILED, "decided: it failed for good"),
        Row(T.STARTED, TE.RETRY, T.RESCHEDULED, "decided: tried again later"),
        Row(T.SENT, TE.SUCCEEDED, T.SUCCEEDED, "begun and ended well in one turn"),
        Row(T.SENT, TE.FAILED, T.FAILED, "begun and failed for good in one turn"),
        Row(T.SENT, TE.RETRY, T.RESCHEDULED, "begun and to be tried again, in one turn"),
        Row(T.PENDING, TE.SUCCEEDED, T.SUCCEEDED, "its effect is rows, which are in this commit; or an empty subgraph"),
        Row(T.PENDING, TE.FAILED, T.FAILED, "its effect is rows, and could not be had"),
        Row(T.RESCHEDULED, TE.CAME_DUE, T.PENDING, "the wait before the next attempt is over"),
        Row(T.SENT, TE.OWNER_GONE, T.UNKNOWN, "ours: its runner died; it may have run fully, partly or not"),
        Row(T.STARTED, TE.OWNER_GONE, T.UNKNOWN, "ours: its runner died; it may have run fully, partly or not"),
        Row(T.UNKNOWN, TE.RERUN, T.PENDING, "ours: it may be repeated, by declaration or by a person's word"),
        Row(T.UNKNOWN, TE.SETTLED, T.STARTED, "ours: its outcome was given or found; decided like any"),
        Row(T.FAILED, TE.RESET, T.PENDING, "a person resumed the execution that this failure ended"),
        Row(T.RESCHEDULED, TE.RESET, T.PENDING, "another took its place because of a failure that is reset"),
        Row(T.STARTED, TE.RESET, T.PENDING, "its failure was not decided when the execution ended; a person's resume"),
        *(
            Row(state, TE.SUPERSEDED, T.SUPERSEDED, "asked for after the cut of a person's resume: kept, not matched")
            for state in T
            if state is not T.SUPERSEDED
        ),
    ),
)


class A(StrEnum):
    """States of an attempt."""

    SENT = "sent"
    STARTED = "started"
    UNKNOWN = "unknown"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    RESCHEDULED = "rescheduled"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"


class AE(StrEnum):
    """Events of an attempt."""

    BEGAN = "began"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ASKED_AGAIN = "asked_again"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    OWNER_GONE = "owner_gone"
    REATTACHED = "reattached"


ATTEMPT = Machine(
    "attempt",
    A.SENT,
    frozenset({A.SUCCEEDED, A.FAILED, A.RESCHEDULED, A.TIMED_OUT, A.CANCELLED}),
    (
        Row(A.SENT, AE.BEGAN, A.STARTED, "a worker called the operation"),
        *(
            Row(source, event, target, why)
            for source in (A.SENT, A.STARTED)
            for event, target, why in (
                (AE.SUCCEEDED, A.SUCCEEDED, "the operation returned"),
                (AE.FAILED, A.FAILED, "the operation raised"),
                (AE.ASKED_AGAIN, A.RESCHEDULED, "the operation asked to be tried again"),
                (AE.TIMED_OUT, A.TIMED_OUT, "ours: it took longer than its timeout"),
                (AE.CANCELLED, A.CANCELLED, "ours: handed back before it began, or killed"),
                (AE.OWNER_GONE, A.UNKNOWN, "ours: its runner died"),
            )
        ),
        Row(A.UNKNOWN, AE.SUCCEEDED, A.SUCCEEDED, "ours: its outcome was given or found"),
        Row(A.UNKNOWN, AE.FAILED, A.FAILED, "ours: its outcome was given or found"),
        Row(A.UNKNOWN, AE.REATTACHED, A.STARTED, "ours: it was found running"),
    ),
)


class G(StrEnum):
    """States of a tasks graph."""

    PENDING = "pending"
    STARTED = "started"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class GE(StrEnum):
    """Events of a tasks graph."""

    STARTED = "started"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    RESUMED = "resumed"
    FAILING = "failing"  # moves nothing: that a task has failed, and until when the others may go on


GRAPH = Machine(
    "tasks_graph",
    G.PENDING,
    frozenset({G.SUCCEEDED, G.FAILED, G.CANCELLED}),
    (
        Row(G.PENDING, GE.STARTED, G.STARTED, "execute() stored what the function added"),
        Row(G.STARTED, GE.SUCCEEDED, G.SUCCEEDED, "every task ended well"),
        Row(G.STARTED, GE.FAILED, G.FAILED, "a task failed and nothing else can run, or wait_after_fail passed"),
        Row(G.STARTED, GE.CANCELLED, G.CANCELLED, "execute() was told of a cancel request"),
        Row(G.FAILED, GE.RESUMED, G.STARTED, "a person resumed the execution"),
        Row(G.CANCELLED, GE.RESUMED, G.STARTED, "a person resumed the execution"),
    ),
)


class M(StrEnum):
    """States of a deployment modification."""

    STARTED = "started"
    FINISHED = "finished"
    ROLLEDBACK = "rolledback"


class ME(StrEnum):
    """Events of a deployment modification."""

    FINISHED = "finished"
    ROLLED_BACK = "rolled_back"
    STARTED = "started"  # moves nothing: that it was started, and when


MODIFICATION = Machine(
    "modification",
    M.STARTED,
    frozenset({M.FINISHED, M.ROLLEDBACK}),
    (
        Row(M.STARTED, ME.FINISHED, M.FINISHED, "the change stays"),
        Row(M.STARTED, ME.ROLLED_BACK, M.ROLLEDBACK, "the deployment is shown as at the start"),
    ),
)


class MS(StrEnum):
    """States of a step of a modification."""

    PENDING = "pending"
    DONE = "done"


class MSE(StrEnum):
    """Events of a step of a modification."""

    DONE = "done"


MODIFICATION_STEP = Machine(
    "modification_step",
    MS.PENDING,
    frozenset({MS.DONE}),
    (Row(MS.PENDING, MSE.DONE, MS.DONE, "in one transaction with what it changes"),),
)


class N(StrEnum):
    """States that the lifecycle gives a node instance; authors may set any other text."""

    UNINITIALIZED = "uninitialized"
    CREATING = "creating"
    CREATED = "created"
    CONFIGURING = "configuring"
    CONFIGURED = "configured"
    STARTING = "starting"
    STARTED = "started"
    STOPPING = "stopping"
    STOPPED = "stopped"
    DELETING = "deleting"
    DELETED = "deleted"


class NE(StrEnum):
    """Changes of a node instance."""

    CREATED = "created"
    STATE_SET = "state_set"
    PROPERTIES_CHANGED = "properties_changed"
    DELETED = "deleted"


_LIFECYCLE = tuple(N)

NODE_INSTANCE = Machine(
    "node_instance",
    N.UNINITIALIZED,
    frozenset({N.DELETED}),
    tuple(
        Row(source, NE.STATE_SET, target, "the usual order; set by a workflow")
        for source, target in pairwise(_LIFECYCLE)
    ),
    guarded=False,
)

MACHINES: tuple[Machine[StrEnum, StrEnum], ...] = (  # what schema/states.md shows, in this order
    EXECUTION,  # type: ignore[assignment]  # Machine is invariant in its enums; read only here
    GRAPH,
    TASK,
    ATTEMPT,
    MODIFICATION,
    MODIFICATION_STEP,
    NODE_INSTANCE,
)
