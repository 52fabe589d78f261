"""A journal opened to be looked at: its rows, and which executions a live runner owns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, Self

from durable_wf.inspection.find import shown_state
from durable_wf.journal.port import Reader

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path
    from types import TracebackType

    from durable_wf.model import rows


class Store(Reader, Protocol):
    """What is read. Both stores have it."""

    def snapshot(self) -> AbstractContextManager[None]:
        """All questions inside see the same moment."""
        ...

    def stored(self, table: str, owner: int) -> list[Any]:
        """All rows of a table that belong to an execution, a deployment, or, with 0, to the journal."""
        ...

    def latest(
        self, execution: int, *, seq: int | None = None, at_us: int | None = None, subject: int | None = None
    ) -> rows.Transition | None:
        """The newest transition of an execution, or with 0 of what no execution did; None if there is none.

        seq, at_us  one of them: it is not later than that
        subject     of those about such a one
        cost        that of the transitions after it, which are passed over; none but the execution's are looked at
        """
        ...

    def counts(self) -> list[tuple[int, str, str, int]]:
        """How many instances there are: by deployment, node and state, in this order."""
        ...

    def node_counts(self) -> dict[int, int]:
        """How many nodes there are, by deployment; one that has none is not among them."""
        ...

    def last_executions(self) -> list[rows.Execution]:
        """The newest execution of each deployment that has one."""
        ...

    def named(self, table: str) -> dict[int, str]:
        """What people call the rows of `execution` or `deployment`, by id; those that are gone, too."""
        ...

    def links(self, of: tuple[int, int], *, since: int = 0) -> list[rows.Link]:
        """The links of the hash chain of (execution, deployment), of which one is 0: one a commit, in order.

        since  ordinal of the last one that is not wanted
        """
        ...


class View:
    """A journal, read only.

    store  answers questions about rows
    owned  whether any process has the ownership byte of an execution
    """

    def __init__(self, store: Store, owned: Callable[[int], bool], close: Callable[[], None] | None = None) -> None:
        self.store = store
        self.owned = owned
        self._close = close

    def state(self, row: rows.Execution) -> str:
        """The execution's state for people."""
        return shown_state(row, owned=self.owned(row.id))

    def deployment_names(self) -> dict[int, str]:
        """Names by id; those that were deleted are not among them."""
        return {row.id: row.name for row in self.store.deployments()}

    def close(self) -> None:
        """Give back what was opened."""
        if self._close is not None:
            self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_view(path: Path) -> View:
    """Look at the journal at `path`.

    raises  NotFoundError; JournalError for what is not a journal, or too new; StorageError
    """
    from durable_wf.journal.locks import Owners
    from durable_wf.journal.reader import open_reader

    reader = open_reader(path)
    try:
        owners = Owners(path)
    except BaseException:
        reader.close()
        raise

    def close() -> None:
        owners.close()
        reader.close()

    return View(reader, owners.owned, close)
