"""The benchmark itself: its floor writes the very same rows, and it prints every goal."""

import json
import subprocess

import pytest

from tools.bench import against, cells, engine, figures, floor, goals, page, runs, work
from tools.bench.engine import ROOT

ONLY_WITH_PEERS = {pair.goal for pair in (*against.PAIRS, against.REPLAY) if pair.goal}


@pytest.mark.parametrize("workers", [1, 16])
@pytest.mark.parametrize("shape", work.SHAPES)
def test_the_floor_writes_the_very_same_rows_in_as_many_transactions(tmp_path, shape, workers):
    ours, plain = tmp_path / "engine.db", tmp_path / "floor.db"
    runs.fresh(ours)
    floor.copy(ours, plain)
    count = 1_000 if shape == "batches" else 100
    counted = runs.run(ours, shape, count, "process", workers=workers, payload=2_000)
    derived = floor.derive(ours)
    floor.write(derived, plain, "process")
    assert floor.same(ours, plain) == []
    assert len(derived.groups) == counted.transactions
    assert derived.rows == counted.rows > count


def test_a_row_that_differs_is_noticed(tmp_path):
    ours, plain = tmp_path / "engine.db", tmp_path / "floor.db"
    runs.fresh(ours)
    floor.copy(ours, plain)
    runs.run(ours, "chain", 10, "process")
    derived = floor.derive(ours)
    del derived.groups[-1]
    floor.write(derived, plain, "process")
    assert "transition" in floor.same(ours, plain)


def test_a_cell_refuses_a_floor_that_moves_fewer_rows_than_the_engine(tmp_path, monkeypatch):
    derive = floor.derive

    def derive_less(path):
        found = derive(path)
        found.groups[0][-1][1].append(found.groups[0][-1][1][-1])  # the same counter set twice
        return found

    monkeypatch.setattr(floor, "derive", derive_less)
    cell = cells.Cell(cells.Kind("wide", 10, "process"), tmp_path)
    with pytest.raises(RuntimeError, match="the floor of wide writes"):
        cell.turn()


def test_a_payload_is_as_large_as_was_asked_for_and_is_in_argument_and_result(tmp_path):
    grown = {}
    for payload in (0, 10_240):
        path = tmp_path / f"{payload}.db"
        runs.fresh(path)
        grown[payload] = runs.run(path, "payload", 100, "process", payload=payload).file_bytes
    assert grown[10_240] - grown[0] > 100 * 2 * 10_240


def test_what_is_measured_by_default_has_every_shape_thread_count_and_payload():
    kinds = cells.plan(cells.Choice(cells.SIZES))
    assert {kind.shape for kind in kinds} == set(cells.SIZES)
    assert {kind.workers for kind in kinds} == {1, 2, 4, 8, 16, 32}
    assert {kind.payload for kind in kinds} == {0, 1_024, 10_240}
    assert {kind.durability for kind in kinds} == {"power", "process"}
    assert len(kinds) == len(set(kinds))
    full = cells.plan(cells.Choice(cells.FULL))
    assert set(kinds) <= set(full)
    assert max(kind.count for kind in full) == 100_000


def test_what_was_asked_for_is_all_that_is_measured():
    kinds = cells.plan(cells.Choice(cells.SIZES, ("layers", "payload"), (50,), (1, 3), (10,)))
    assert {kind[:2] for kind in kinds} == {("layers", 50), ("payload", 50)}
    assert {kind.workers for kind in kinds} == {1, 3}
    assert {(kind.shape, kind.payload) for kind in kinds} == {("layers", 0), ("payload", 10)}


def test_some_shapes_alone_are_measured_and_shown(tmp_path, capsys):
    output = tmp_path / "bench.json"
    arguments = ["--shape", "subgraphs", "--size", "20", "--threads", "2", "--rounds", "1", "--output", str(output)]
    before = page.JSON.read_text()
    assert engine.main(arguments) == 0
    assert "| subgraphs | 20 | 2 | 0 | power |" in capsys.readouterr().out
    assert [cell["durability"] for cell in json.loads(output.read_text())["runs"]] == ["power", "process"]
    assert page.JSON.read_text() == before


@pytest.mark.slow
def test_a_short_run_prints_every_goal_and_writes_json(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(cells, "QUICK", dict.fromkeys(cells.SIZES, (20,)) | {"chain": (100,)})
    for module in (cells, figures):
        monkeypatch.setattr(module, "STEPS", 100)
    for name, value in {"MANY": 20_000, "COUNTED": 1_000, "NAPS": 100, "REPLAYED": 500, "FIRST": (100,)}.items():
        monkeypatch.setattr(figures, name, value)
    output = tmp_path / "bench.json"
    assert engine.main(["--quick", "--rounds", "1", "--output", str(output)]) == 0
    printed = capsys.readouterr().out
    found = json.loads(output.read_text())
    for name in found["goals"]:
        assert f"| {name} |" in printed
        assert found["goal_tasks"][name] > 0
    missing = {goal.name for goal in goals.GOALS} - set(found["goals"])
    assert ONLY_WITH_PEERS <= missing <= ONLY_WITH_PEERS | {"syncs power", "syncs process"}
    assert found["commit"]
    for figure in found["figures"]:
        assert f"| {figure['what']} | {goals.short(figure['tasks'])} |" in printed


def test_threads_alone_take_every_nap():
    assert figures.ideal(20, workers=4) >= 20 / 4 * work.NAP_S


def test_a_goal_is_met_or_missed():
    found = {goal.name: goal for goal in goals.GOALS}
    at_least, at_most = found["P1"], found["P8"]
    assert goals.verdict(at_least, at_least.limit) == goals.verdict(at_most, at_most.limit) == "met"
    assert goals.verdict(at_least, at_least.limit - 0.01) == goals.verdict(at_most, at_most.limit + 0.01) == "missed"


def test_the_tool_can_be_run_and_says_how():
    done = subprocess.run([ROOT / "tools/bench/engine.py", "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for option in ("--quick", "--full", "--peers", "--shape", "--size", "--render"):
        assert option in done.stdout
