"""What a look at a deployment reads: no history is searched as a whole, and nothing of other deployments."""

import re
import sqlite3
from contextlib import closing

import pytest

from durable_wf import Engine
from durable_wf.engine.deployments import outputs_of
from durable_wf.engine.past import PastTopology
from durable_wf.inspection.deployments import deployment_detail, deployments, drawing, instances, topology
from durable_wf.inspection.points import Point, moment_of, read_point
from durable_wf.inspection.view import open_view
from durable_wf.journal import reader as reader_module
from durable_wf.journal.sqlite import open_journal
from tests.cli.conftest import BLUEPRINT, PLUGIN

POINTS = {"now": None, "a seq": Point(seq=5), "a time": read_point("2999-01-01")}
LOOKS = {
    "detail": deployment_detail,
    "topology": topology,
    "drawing": drawing,
    "instances": instances,
    "outputs": lambda view, name, point: outputs_of(PastTopology(view, moment_of(view, name, point))),
}
WHOLE = {"deployment", "blueprint"}  # one row each; there are no others to ask by name
LIST = WHOLE | {"node", "node_instance", "execution"}


@pytest.fixture
def view(tmp_path, monkeypatch):
    (tmp_path / "blueprint.yaml").write_text(BLUEPRINT)
    (tmp_path / "small_plugin.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(str(tmp_path))
    with Engine(open_journal(tmp_path / "journal.db", durability="process")) as engine:
        for name in ("small", "other"):
            engine.deployments.create(tmp_path / "blueprint.yaml", name)
            engine.wait(engine.start("start_all", deployment=name), 60)
    with open_view(tmp_path / "journal.db") as made:
        yield made


@pytest.fixture
def asked(monkeypatch):
    """Every question, with what it is filled with."""
    found = []
    ask = reader_module._ask

    def told(opened, query, record, **holes):
        found.append((query.sql, query.filled(holes)))
        return ask(opened, query, record, **holes)

    monkeypatch.setattr(reader_module, "_ask", told)
    return found


def scanned(view, asked):
    """The tables that a question goes through from end to end."""
    found = set()
    with closing(sqlite3.connect(view.store.path)) as connection:
        for sql, parameters in asked:
            tables = {alias: table for table, alias in re.findall(r'"(\w+)" AS "(\w+)"', sql)}
            for *_, line in connection.execute(f"EXPLAIN QUERY PLAN {sql}", parameters):
                if line.startswith("SCAN"):
                    alias = line.split()[1]
                    found.add(tables.get(alias, alias))
    return found


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("look", LOOKS)
def test_no_look_at_one_deployment_searches_a_history_as_a_whole(view, asked, look, point):
    assert LOOKS[look](view, "small", POINTS[point])
    assert asked
    assert scanned(view, asked) <= WHOLE


def test_the_list_counts_rows_and_reads_no_history(view, asked):
    assert len(deployments(view)) == 2
    assert scanned(view, asked) <= LIST
    assert not any("runtime_properties_json" in sql for sql, _ in asked)
    assert len(asked) <= 8, "not more for more deployments"
