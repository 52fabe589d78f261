"""`verify` is linear in the size of the journal, and holds little of it: shown by what it asks SQLite, not by time."""

import tracemalloc
from collections import Counter
from contextlib import closing

import pytest

from durable_wf.journal.reader import SqliteReader
from durable_wf.journal.sqlite import open_journal
from durable_wf.journal.tables import raw
from tests.journal import kit

SMALL, LARGE = 50, 400


def made(path, tasks):
    """A journal in which one execution has this many tasks, each handed out and ended in turns of their own."""
    with closing(open_journal(path, durability="process")) as journal:
        kit.fill(journal)
        row = kit.start(journal, uid="long")
        for first in range(1, tasks + 1, 50):
            with journal.turn() as turn:
                new = [kit.task(no, turn.seq, execution=row.id, request=1) for no in range(first, first + 50)]
                turn.apply(kit.Changes(tasks=new, transitions=[kit.transition(row.id, turn.seq, no=row.id, target=2)]))
            for number in range(first, first + 50):
                kit.run_task(journal, number, execution=row.id)
    return path


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return made(tmp_path_factory.mktemp("small") / "journal.db", SMALL)


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    return made(tmp_path_factory.mktemp("large") / "journal.db", LARGE)


class Watched(SqliteReader):
    """A reader that notes its statements, and how many rows each gave."""

    def __init__(self, path):
        super().__init__(path)
        self.statements = Counter()
        self.given = Counter()
        with self.snapshot():
            raw(self._reading).set_trace_callback(lambda sql: self.statements.update([sql]))

    def scan(self, sql, parameters=()):
        for row in super().scan(sql, parameters):
            self.given[sql] += 1
            yield row


def verified(path):
    with closing(Watched(path)) as reader:
        assert list(reader.verify()) == []
        return reader.statements, reader.given


def test_a_longer_journal_takes_no_more_statements(small, large):
    assert verified(small)[0].total() == verified(large)[0].total()


def test_each_statement_gives_a_row_once(small, large):
    """So the rows read grow as the journal does, whatever is done with them."""
    tables = {}
    for path in (small, large):
        with closing(SqliteReader(path)) as reader:
            tables[path] = {
                table: reader.query(f"SELECT count(*) FROM {table}")[0][0]
                for table in ("transition", "task", "attempt", "link")
            }
        given = verified(path)[1]
        most = max(tables[path].values())
        assert max(given.values()) <= most
        assert sum(given.values()) <= 5 * sum(tables[path].values())
    assert tables[large]["transition"] > 7 * tables[small]["transition"]


def plan(reader, sql):
    """The lines of a query's plan, each with those it is inside."""
    lines, texts = reader.query(f"EXPLAIN QUERY PLAN {sql}"), {}
    for number, parent, _, text in lines:
        texts[number] = (*texts.get(parent, ()), text)
    return list(texts.values())


def loops(reader, sql):
    """Scans that are made once for each row of another: inside a correlated query, or as the inner part of a join."""
    found, scans = [], Counter()
    for *outside, text in plan(reader, sql):
        by_no_key = text.startswith("SEARCH") and "(" not in text  # a scan that may end early
        if by_no_key or (text.startswith("SCAN") and "CONSTANT ROW" not in text):
            scans[tuple(outside)] += 1
            if scans[tuple(outside)] > 1 or any("CORRELATED" in one for one in outside):
                found.append(text)
    return found


def test_no_statement_scans_a_table_inside_a_loop(large):
    statements = [sql for sql in verified(large)[0] if sql.startswith(("SELECT", "WITH"))]
    assert len(statements) > 40
    assert any("AS w WHERE" in sql for sql in statements)
    with closing(SqliteReader(large)) as reader:
        assert {sql: loops(reader, sql) for sql in statements if loops(reader, sql)} == {}


def test_every_statement_for_one_execution_searches(large):
    """An execution verified alone does not cost the whole journal."""
    with closing(Watched(large)) as reader:
        assert list(reader.verify([2])) == []
        asked = [sql for sql in reader.statements if sql.startswith("SELECT")]
        given = reader.given.total()
        scans = {sql: [line[-1] for line in plan(reader, sql) if line[-1].startswith("SCAN")] for sql in asked}
    allowed = (
        'FROM "meta"',
        'SELECT "t1"."id", "t1"."uid" FROM "execution"',
    )  # the facts, and which executions there are
    assert [sql for sql, lines in scans.items() if lines and not any(one in sql for one in allowed)] == []
    assert given < 20


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM transition AS v WHERE seq = (SELECT max(seq) FROM transition AS w WHERE w.at_us = v.at_us)",
        "SELECT * FROM attempt AS a CROSS JOIN event AS b",
    ],
)
def test_a_scan_inside_a_loop_would_be_seen(large, sql):
    with closing(SqliteReader(large)) as reader:
        assert loops(reader, sql)


def test_what_is_held_does_not_grow_with_the_journal(small, large):
    peaks = {}
    for path in (small, small, large):  # the first one loads and caches
        tracemalloc.start()
        with closing(SqliteReader(path)) as reader:
            assert list(reader.verify()) == []
        peaks[path] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peaks[large] < peaks[small] * 1.3


def test_nothing_asks_for_all_rows_of_a_table_at_once(large, monkeypatch):
    for name in ("stored", "links", "transitions", "events", "executions", "history"):
        monkeypatch.setattr(SqliteReader, name, None)
    with closing(SqliteReader(large)) as reader:
        assert list(reader.verify()) == []
