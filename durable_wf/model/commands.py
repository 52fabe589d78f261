"""Orders of the core to its shell. They are performed after the commit of the changes beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from durable_wf.model.states import X

if TYPE_CHECKING:
    from durable_wf.model.events import Spec


class HandOut(NamedTuple):
    """Give this attempt to a worker."""

    no: int
    attempt: int


class Cause(NamedTuple):
    """A failed task, for the text of a failure."""

    no: int
    name: str
    target: str
    request: str
    detail_json: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """Let the blocked workflow function go on.

    no           the task that a `Gets` waited for, or 0
    detail_json  its outcome's detail
    failed       numbers of the tasks whose failure this answer shows; empty when all is well
    seq          the seq of what is answered: the view, for a refresh
    causes       the failed tasks, by name and target
    cancelled    the function is told of a cancel request, instead of what it waited for
    """

    no: int
    detail_json: str | None
    failed: tuple[int, ...]
    seq: int
    causes: tuple[Cause, ...] = ()
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Consult:
    """Ask the task's handler, on the workflow's thread, inside the `execute()` of its graph. Answered by `Decides`.

    spec         the task
    succeeded    whether its outcome is good: then `on_success` is asked, else `on_failure`
    detail_json  the outcome: `result`, or `error` with what `graph.outcomes` puts beside it; a failed subgraph has
                 `failures`, the numbers of its failed tasks
    retries      how many retries were decided before; a replacement counts on from what it replaced
    seq          of the outcome: what the handler sees is as of this moment
    failed       the first failed task, for a subgraph that failed
    rerun        it is to run again after a resume: `on_rerun` is asked what is to be done first
    """

    spec: Spec
    succeeded: bool
    detail_json: str | None
    retries: int
    seq: int
    failed: Spec | None = None
    rerun: bool = False


class Abandon(NamedTuple):
    """Wait for the function and for what runs no more; tell the core `Abandoned()`. kill: end what can be ended."""

    kill: bool


class Replied(Protocol):
    """Who waits for a `Reply`."""

    def reply(self, answer: Any) -> None:
        """Let it go on."""
        ...


class Arm(NamedTuple):
    """Tell the core `Due(timer)` after `delay_us`, by boot time."""

    timer: tuple[str, int]
    delay_us: int


@dataclass(frozen=True, slots=True)
class Over:
    """The execution has a runner no more: it ended, or lies down.

    state  terminated, failed, cancelled or interrupted
    asks   numbers of the tasks whose unknown outcome a person must settle
    """

    state: X
    asks: tuple[int, ...] = ()


class Reply(NamedTuple):
    """Answer the call of an operation that still runs."""

    to: Replied
    answer: Any


Command = HandOut | Answer | Consult | Abandon | Arm | Over | Reply
