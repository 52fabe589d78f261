"""The benchmark itself: its floor writes the very same rows, and it prints every goal."""

import json
import subprocess

import pytest

from tools.bench import engine, floor, goals, runs
from tools.bench.engine import ROOT


@pytest.mark.parametrize("shape", ["wide", "chain", "standard", "batches"])
def test_the_floor_writes_the_very_same_rows(tmp_path, shape):
    ours, plain = tmp_path / "engine.db", tmp_path / "floor.db"
    runs.fresh(ours)
    floor.copy(ours, plain)
    counted = runs.run(ours, shape, 1_000, "process")
    derived = floor.derive(ours)
    floor.write(derived, plain, "process")
    assert floor.same(ours, plain) == []
    assert len(derived.groups) == counted.transactions


def test_a_row_that_differs_is_noticed(tmp_path):
    ours, plain = tmp_path / "engine.db", tmp_path / "floor.db"
    runs.fresh(ours)
    floor.copy(ours, plain)
    runs.run(ours, "chain", 10, "process")
    derived = floor.derive(ours)
    del derived.groups[-1]
    floor.write(derived, plain, "process")
    assert "transition" in floor.same(ours, plain)


@pytest.mark.slow
def test_a_short_run_prints_every_goal_and_writes_json(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(engine, "SIZES", (100,))
    monkeypatch.setattr(engine, "STEPS", 100)
    monkeypatch.setattr(engine, "MANY", 20_000)
    monkeypatch.setattr(engine, "COUNTED", 1_000)
    output = tmp_path / "bench.json"
    assert engine.main(["--quick", "--rounds", "1", "--output", str(output)]) == 0
    printed = capsys.readouterr().out
    found = json.loads(output.read_text())
    for goal in goals.GOALS:
        if goal.name in found["goals"]:
            assert f"| {goal.name} |" in printed
    assert {goal.name for goal in goals.GOALS} - set(found["goals"]) <= {"syncs power", "syncs process"}
    assert found["commit"]


def test_a_goal_is_met_or_missed():
    at_least, at_most = goals.GOALS[0], goals.GOALS[2]
    assert goals.verdict(at_least, at_least.limit) == goals.verdict(at_most, at_most.limit) == "met"
    assert goals.verdict(at_least, at_least.limit - 0.01) == goals.verdict(at_most, at_most.limit + 0.01) == "missed"


def test_the_tool_can_be_run_and_says_how():
    done = subprocess.run([ROOT / "tools/bench/engine.py", "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "--quick" in done.stdout


def test_the_page_has_room_for_the_table():
    page = engine.PAGE.read_text()
    assert page.count(engine.BEGIN) == page.count(engine.END) == 1
