"""Many operations of one target at once: by key nothing is lost, and what conflicts is told or handled (L7).

All operations of a test have read before the first of them writes: they meet at a barrier.
"""

from __future__ import annotations

import itertools
import json
import sys
import threading
from pathlib import Path

import pytest

from durable_wf import RunOptions, WorkflowFailed
from durable_wf.codec import decode
from durable_wf.model.states import ATTEMPT, A
from tests.authoring import sharing
from tests.replay.work import WORLD

BLUEPRINT = Path(__file__).parent / "shared" / "blueprint.yaml"
MANY = 64


@pytest.fixture
def life(lives, monkeypatch):
    """A process with as many workers as operations, and the deployment `d`."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    numbers = itertools.count(1)
    life = lives(max_operations=MANY)
    life.engine.deployments.create(BLUEPRINT, "d", new_suffix=lambda: str(next(numbers)))
    return life


def join(life, operation, sources=MANY, retries=0):
    """Run the workflow; its id."""
    sharing.MEETING["here"] = threading.Barrier(sources)
    uid, _ = life.run(
        "join",
        {"operation": operation, "sources": sources},
        deployment="d",
        options=RunOptions(task_retries=retries, task_retry_interval=0),
        allow_custom_parameters=True,
    )
    return uid


def target(life):
    """The target's runtime properties in the storage."""
    (row,) = [one for one in life.journal.instances(1) if one.node == "target"]
    return json.loads(row.runtime_properties_json)


def conflicts(life):
    """The texts of all attempts that failed."""
    found = (decode(row.detail_json) for row in life.journal.transitions(1) if row.detail_json)
    return [detail["error"]["message"] for detail in found if isinstance(detail, dict) and detail.get("error")]


def states(life):
    """How all attempts ended."""
    return sorted(str(ATTEMPT.states[one.state]) for one in life.journal.stored("attempt", 1))


def test_64_operations_set_64_keys(life):
    """All are there, and none was tried twice."""
    uid = join(life, "keys")
    names = {one.name: one.idx for one in life.journal.instances(1) if one.node == "source"}
    assert life.engine.result(uid) == {name: {"index": index} for name, index in names.items()}
    assert len(names) == MANY
    assert WORLD.counts() == {"joins": MANY}


@pytest.mark.parametrize("operation", ["handles", "asks"])
def test_64_operations_count_one_counter_with_a_handler(life, operation):
    """By `update(on_conflict)`, and by `on_conflict` for the update at the end: 64, and none was tried twice."""
    uid = join(life, operation)
    assert life.engine.result(uid) == {"count": MANY}
    assert states(life) == [A.SUCCEEDED] * MANY
    assert WORLD.counts() == {"joins": MANY}


def test_without_a_handler_the_losers_fail_and_name_key_and_values(life):
    """One wins; the 63 others say what they found, and what they wanted."""
    uid = join(life, "counts")
    with pytest.raises(WorkflowFailed, match="'count' of 'target_"):
        life.engine.result(uid)
    assert target(life) == {"count": 1}
    assert states(life) == [A.FAILED] * (MANY - 1) + [A.SUCCEEDED]
    (name,) = [one.name for one in life.journal.instances(1) if one.node == "target"]
    text = (
        f"what this operation read of runtime property 'count' of '{name}' does not match current: "
        "it is now 1, this operation wants 1"
    )
    assert conflicts(life)[: MANY - 1] == [text] * (MANY - 1)


def test_with_retries_the_losers_count_on(life):
    """Each that lost reads again; nothing is lost."""
    uid = join(life, "counts", sources=16, retries=-1)
    assert life.engine.result(uid) == {"count": 16}
    assert states(life).count(A.SUCCEEDED) == 16
    assert WORLD.counts()["joins"] == len(states(life)) > 16
