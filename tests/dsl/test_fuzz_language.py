"""Blueprints drawn from the grammar's table: valid ones are read, planned and stored; broken ones say where.

`tools/fuzz` tries as many as there is time for. Here each production of the table, and each code, is met once.
Source: issue 5; reliability.md §2c.
"""

import os
from collections import Counter
from random import Random

import pytest

from durable_wf.dsl.codes import CODES
from tests.dsl.fuzzing.judging import Bench
from tests.dsl.fuzzing.running import run, tried
from tests.dsl.fuzzing.trees import Raw, Twin, parts
from tests.dsl.fuzzing.trials import broken_trial, number_of_code, rows, targets, valid_trial
from tests.dsl.fuzzing.writer import written

SEED = os.environ.get("DURABLE_WF_SEED", "1")
TRIES = 6  # a production or a breaker may find nothing in one blueprint, such as a name to misspell


@pytest.fixture
def bench(tmp_path):
    print(f"seed {SEED}")  # noqa: T201 -- pytest shows it where a test fails
    return Bench(tmp_path / "blueprint")


def test_every_production_is_accepted(bench):
    """Each row and alternative, function and type is used by a blueprint that is read, planned and stored."""
    used = set()
    names = [name for name, _ in targets()]
    for turn in range(TRIES):
        for number, name in enumerate(names):
            if name not in used:
                outcome = valid_trial(bench, SEED, number + turn * len(names))
                assert outcome.failures == [], outcome.name
                used |= outcome.used
    assert set(names) - used == set()


def test_every_code_has_a_breaker():
    """A code that is added without a way to break a blueprint so is noticed here."""
    assert set(rows()) == set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_a_break_is_said_at_its_place_and_nothing_else(code, bench):
    """One mistake is one problem: with this code, at the broken place, whatever else the blueprint has."""
    for turn in range(TRIES * len(rows()[code])):
        outcome = broken_trial(bench, SEED, number_of_code(code, turn))
        assert outcome.failures == [], (outcome.name, outcome.what)
        if outcome.done:
            return
    raise AssertionError(f"no blueprint could be broken so: {code}")


def test_an_input_is_the_same_whatever_was_tried_before_it(bench):
    """A failure is shown again by its number alone."""
    first = tried(bench, SEED, 7)
    tally = run(bench, SEED, range(6, 9))
    again = tried(bench, SEED, 7)
    assert tally.tried == 3
    assert (again.name, again.what, repr(again.files)) == (first.name, first.what, repr(first.files))


def test_what_the_writer_says_of_places_is_so():
    """The oracle's own places: each key and value begins where it is said to begin."""
    tree = {"a": {"b": [1, "x y", {"c": None}]}, "long": "line one\nline two", "raw": Raw("[1]"), "e": {}}
    tree["again"] = {"b": [1, "x y", {"c": None}]}
    for seed in range(50):
        found = written(tree, Random(seed), [("a",)])
        lines = found.text.replace("\r\n", "\n").split("\n")
        for path, (line, column) in found.keys.items():
            assert lines[line - 1][column - 1 :].strip("'\"? ").startswith(path[-1])
        line, column = found.values["raw",]
        assert lines[line - 1][column - 1 :].startswith("[1]")
        line, column = found.values["a", "b", 0]
        assert lines[line - 1][column - 1] in "10+"


def test_a_failure_is_made_small(bench, tmp_path, monkeypatch):
    """What is written as a case has little more than the broken place."""
    monkeypatch.setattr("tests.dsl.fuzzing.trials._fits", lambda *_: False)  # so that every break fails
    number = next(number for number in range(1, 30) if not str(tried(bench, SEED, number).row).startswith("None"))
    tally = run(bench, SEED, [number], tmp_path / "cases")
    assert len(tally.failures) == 1
    (case,) = (tmp_path / "cases").iterdir()
    assert "not said" in (case / "FAILED.txt").read_text()
    assert sum(len(path.read_text()) for path in case.rglob("*.yaml")) < 5_000


def test_twins_and_raw_values_are_found():
    """Trees have what plain data cannot say."""
    tree = {"a": 1, Twin("a"): Raw("*b")}
    assert Counter(type(value).__name__ for _, value in parts(tree)) == {"dict": 1, "int": 1, "Raw": 1}
