"""The journal in one SQLite file: the port put together from connection, turn, locks, reader and head."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from durable_wf.clock import SystemClock, iso
from durable_wf.journal import chain, faults, files
from durable_wf.journal.connection import Durability, Writer
from durable_wf.journal.head import Behind, Head, Unreadable
from durable_wf.journal.locks import Owners, Turnstile
from durable_wf.journal.reader import SqliteReader
from durable_wf.journal.turn import Known, SqliteTurn

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

    from durable_wf.clock import Clock
    from durable_wf.journal.port import Journal, Verifier
    from durable_wf.model import rows


def open_journal(
    path: Path | str,
    *,
    durability: Durability = "power",
    lock_timeout: float | None = None,
    command: str | None = None,
    clock: Clock | None = None,
    unsafe_network_fs: bool = False,
) -> SqliteJournal:
    """Open the journal at `path` for writing; makes it if it is not there.

    durability    `power`: every commit survives a power cut. `process`: every commit survives the process; a power
                  cut may take the last moments
    lock_timeout  seconds that a command waits for the write lock; None for a runner, which waits for ever
    command       what this process is doing, shown to whoever waits for it
    raises        JournalError for what is not a journal, too new, or on a network file system; HeldError;
                  StorageError
    """
    where = Path(path).absolute()
    files.prepare(where, unsafe_network_fs=unsafe_network_fs)
    clock = clock or SystemClock()
    try:
        turnstile = Turnstile(where, timeout=lock_timeout, command=command, since=iso(clock.wall_us()))
        journal = SqliteJournal(where, turnstile, durability, clock)
    except OSError as error:  # a file beside it cannot be made
        raise faults.translate(error, f"opening {where}") from error
    try:
        journal.open()
    except BaseException:
        journal.close()
        raise
    return journal


class SqliteJournal(SqliteReader):
    """See `port.Journal`; `open_journal` makes one.

    durability   of its commits: see `open_journal`
    behind_head  that rows are missing which were there before, or may be; None while nothing is. While it is set the
                 head is left as it is
    """

    def __init__(self, path: Path, turnstile: Turnstile, durability: Durability, clock: Clock) -> None:
        super().__init__(path)
        self.behind_head: Behind | Unreadable | None = None
        self.durability = durability
        self._turnstile = turnstile
        self._writer = Writer(path, turnstile, durability, clock)
        self._owners = Owners(path)
        self._head = Head(path)
        self._known = Known()
        self._meta: dict[str, str] = {}
        self._genesis = b""
        self._noticed = -1

    @property
    def id(self) -> str:
        return self._meta["id"]

    @property
    def counters(self) -> Counter[str]:
        """What this object did so far: transactions, rows, checkpoints, rollbacks."""
        return self._writer.counters

    def open(self) -> None:
        """Open the connection that writes, and compare the journal with its head."""
        self._writer.open()
        self._noticed = self._writer.data_version()
        self._meta = self.meta()
        self._genesis = chain.genesis(self._meta)
        self.behind_head = self.compare_with_head()

    @contextmanager
    def turn(self) -> Iterator[SqliteTurn]:
        links: list[rows.Link] = []

        def committed() -> None:
            turn.keep(links)
            if links and self.behind_head is None:
                self._head.write(links[-1])

        try:
            with self._writer.transaction(committed) as connection:
                turn = SqliteTurn(connection, self._known, self._writer)
                yield turn
                links = turn.finish(self._genesis)
        except BaseException:
            self._known.forget()
            raise

    def accept_loss(self) -> None:
        """Go on from what is there: the head now says what the journal says (L6)."""
        with self._turnstile:
            newest = self.newest_link()
            if newest is None:
                self._head.clear()
            else:
                self._head.write(newest)
        self.behind_head = None

    def own(self, execution: int) -> bool:
        return self._owners.own(execution)

    def disown(self, execution: int) -> None:
        self._owners.disown(execution)

    def owned(self, execution: int) -> bool:
        return self._owners.owned(execution)

    def changed(self) -> bool:
        version = self._writer.data_version()
        before, self._noticed = self._noticed, version
        return version != before

    def close(self) -> None:
        super().close()
        if not self._forked:
            self._writer.close()
        self._owners.close()
        self._head.close()
        self._turnstile.close()


if TYPE_CHECKING:  # mypy shows that the port is kept
    _journal: type[Journal] = SqliteJournal
    _verifier: type[Verifier] = SqliteJournal
