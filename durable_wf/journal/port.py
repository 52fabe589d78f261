"""The port: what the engine asks of a store. SQLite and memory pass one conformance suite.

Only the scheduler thread of a process writes; any thread may read. Rows go in and come out as the immutable
rows of `model.rows`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from contextlib import AbstractContextManager

    from durable_wf.model import deployed, rows


class Turn(Protocol):
    """One write transaction, open between `Journal.turn()`'s enter and exit. Commits on a clean exit.

    seq  the next free sequence number; whoever makes transitions numbers them from here on without gaps
    """

    @property
    def seq(self) -> int:
        """The next free sequence number, what was applied in this turn counted."""
        ...

    def next_id(self, table: str) -> int:
        """A new id of a row of `migrate.COUNTED`; never given before (L1)."""
        ...

    def fences(self, executions: Collection[int]) -> dict[int, int]:
        """The fence of each execution as it is now (L4)."""
        ...

    def inbox(self, executions: Collection[int]) -> list[rows.Request]:
        """Requests to these executions that nobody has taken, oldest first."""
        ...

    def execution(self, execution: int) -> rows.Execution | None:
        """One execution as it is now."""
        ...

    def instance(self, deployment: int, name: str) -> rows.Instance | None:
        """A node instance as it is now, what was applied in this turn included; None if it is gone."""
        ...

    def shown(self, deployment: int, *, at: int | None = None) -> deployed.Shown:
        """What a deployment shows, what was applied in this turn included; or as it was at seq `at`, before it."""
        ...

    def modifications(self, deployment: int) -> list[deployed.Modification]:
        """The modifications of a deployment, oldest first."""
        ...

    def steps(self, deployment: int, modification: int) -> list[deployed.ModificationStep]:
        """The steps of a modification, in order."""
        ...

    def apply(self, changes: rows.Changes) -> None:
        """Write.

        raises  StorageError when the disk refuses; JournalError when SQL refuses a row (a bug of ours)
        """
        ...


class Reader(Protocol):
    """Questions to a journal. Every answer is read whole, and then the read transaction ends."""

    def executions(
        self, *, states: Collection[int] | None = None, deployment: int | None = None
    ) -> list[rows.Execution]:
        """Executions, newest first."""
        ...

    def find_execution(self, uid: str) -> list[rows.Execution]:
        """Executions whose uid begins with `uid`, at most a few; an exact match comes alone."""
        ...

    def history(self, execution: int) -> rows.History:
        """What a replay needs of one execution (see `rows.History`), read in one read transaction.

        raises  NotFoundError
        """
        ...

    def transitions(self, execution: int, *, since: int = 0) -> list[rows.Transition]:
        """Transitions of an execution with seq > `since`, in order."""
        ...

    def events(self, execution: int, *, since: int = 0) -> list[rows.Event]:
        """Events of an execution with id > `since`, in order."""
        ...

    def blueprints(self) -> list[rows.Blueprint]:
        """All blueprints, by id."""
        ...

    def deployments(self) -> list[rows.Deployment]:
        """All deployments that are there, by name."""
        ...

    def nodes(self, deployment: int, *, at: int | None = None) -> list[rows.Node]:
        """Nodes of a deployment by name, now or as they were at seq `at`."""
        ...

    def instances(self, deployment: int, *, at: int | None = None) -> list[rows.Instance]:
        """Node instances of a deployment by id, now or as they were at seq `at`."""
        ...

    def instance(self, deployment: int, name: str) -> rows.Instance | None:
        """A node instance as it is now; None if it is not there."""
        ...

    def scaling(self, deployment: int, *, at: int | None = None) -> list[deployed.Scaling]:
        """How many instances changed nodes and groups have, by name, now or as they were at seq `at`."""
        ...

    def modifications(self, deployment: int | None = None) -> list[deployed.Modification]:
        """Modifications of a deployment, or of all, oldest first."""
        ...

    def steps(self, deployment: int, modification: int) -> list[deployed.ModificationStep]:
        """The steps of a modification, in order."""
        ...

    def last_seq(self) -> int:
        """The newest sequence number; 0 in an empty journal."""
        ...

    def close(self) -> None:
        """Give back what was opened. Twice is harmless."""
        ...


class Journal(Reader, Protocol):
    """A store that may be written."""

    @property
    def id(self) -> str:
        """The journal's own id; part of every idempotency key."""
        ...

    def turn(self) -> AbstractContextManager[Turn]:
        """One write transaction. An exception inside rolls it back; nothing of it is then visible.

        raises  HeldError after the lock time-out, for commands; StorageError when the commit's fate is unknown
                (the store has then closed and reopened itself: read the truth before going on)
        """
        ...

    def own(self, execution: int) -> bool:
        """Lock the execution's ownership byte for this process; False if another process has it."""
        ...

    def disown(self, execution: int) -> None:
        """Give the byte back."""
        ...

    def owned(self, execution: int) -> bool:
        """Whether any process, this one included, has the byte."""
        ...

    def accept_loss(self) -> None:
        """Go on from what is there although a newer head was seen (L6)."""
        ...

    def changed(self) -> bool:
        """Whether another process has committed since this was last asked. Costs no transaction."""
        ...


class Verifier(Protocol):
    """Recomputes hash chains."""

    def verify(self, executions: Sequence[int] | None = None) -> Iterator[str]:
        """Problems found, in words, each naming its place; nothing when all is well."""
        ...
