"""Many rows by few statements: SQLite takes a block of rows in one statement faster than the same rows one by one.

Measured at 60 rows a turn: an INSERT costs 30 % less, an UPDATE 15 %. Most of it is the parameters' way from Python,
for `sqlite3` binds the fields of a named tuple slower than those of a list.
"""

from __future__ import annotations

from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from durable_wf.journal.tables import Table

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

SIZES = (32, 8)  # rows of a block; what is left over goes one by one


class Blocks:
    """The statements of one table: to write `record`s, and to move those that are there.

    Parameters stand in the order of `Table.insert` and of `Table.update`.
    """

    def __init__(self, table: Table) -> None:
        self._insert = table.insert
        self._insert_blocks = [(size, _inserts(table, size)) for size in SIZES]
        self._update = ""
        self._update_blocks: list[tuple[int, str]] = []
        if table.moves:
            self._update = table.update
            self._update_blocks = [(size, _updates(table, size)) for size in SIZES]
            self._key = itemgetter(*range(-len(table.key), 0))

    @property
    def updates(self) -> list[str]:
        """Every statement that `move` may run."""
        return [self._update, *(sql for _, sql in self._update_blocks)]

    def write(self, connection: sqlite3.Connection, found: Sequence[Sequence[Any]]) -> int:
        """Insert rows; how many."""
        return _write(connection, found, self._insert, self._insert_blocks)

    def move(self, connection: sqlite3.Connection, found: Sequence[Sequence[Any]]) -> int:
        """Update rows by their keys; how many were there.

        A block knows no order, so rows that move twice are moved one by one.
        """
        blocks = self._update_blocks
        if len(found) < SIZES[-1] or len(set(map(self._key, found))) < len(found):
            blocks = []
        return _write(connection, found, self._update, blocks)


def _write(
    connection: sqlite3.Connection, found: Sequence[Sequence[Any]], one: str, blocks: list[tuple[int, str]]
) -> int:
    changed = at = 0
    for size, sql in blocks:
        while at + size <= len(found):
            flat = list(chain.from_iterable(found[at : at + size]))
            changed += connection.execute(sql, flat).rowcount
            at += size
    if at + 1 == len(found):
        return changed + connection.execute(one, tuple(found[at])).rowcount
    if at < len(found):
        changed += connection.executemany(one, map(tuple, found[at:])).rowcount
    return changed


def _inserts(table: Table, size: int) -> str:
    one, _, values = table.insert.partition(" VALUES ")
    return f"{one} VALUES {', '.join([values] * size)}"


def _updates(table: Table, size: int) -> str:
    moves = table.moves if table.checksum != () else (*table.moves, "checksum")
    row = f"({', '.join('?' * (len(moves) + len(table.key)))})"
    sets = ", ".join(f'"{column}" = moved.column{number}' for number, column in enumerate(moves, 1))
    key = " AND ".join(
        f'{table.name}."{column}" = moved.column{number}' for number, column in enumerate(table.key, len(moves) + 1)
    )
    # not WITH ... UPDATE, of which `sqlite3` does not say how many rows it has changed
    return f"UPDATE {table.name} SET {sets} FROM (VALUES {', '.join([row] * size)}) AS moved WHERE {key}"
