"""Operations of which the instances of a node take their turns (workflow-api §1.3)."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import pytest
from cloudify.decorators import serial_operation
from cloudify.exceptions import CloudifySerializationRetry, RecoverableError

from durable_wf import RunOptions
from tests.authoring import sharing
from tests.replay.work import WORLD

BLUEPRINT = Path(__file__).parent / "shared" / "blueprint.yaml"


@pytest.fixture
def life(lives, monkeypatch):
    """A process with the deployment `d`. Sources: source_3 to source_66."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    numbers = itertools.count(1)
    life = lives()
    life.engine.deployments.create(BLUEPRINT, "d", {}, new_suffix=lambda: str(next(numbers)))
    return life


def act(life, doing, instance, retries=0, workflow="act", **parameters):
    """What an operation that does this returned."""
    sharing.TODO[:] = [doing]
    uid, _ = life.run(
        workflow,
        {"instance": instance, **parameters},
        deployment="d",
        options=RunOptions(task_retries=retries, task_retry_interval=0),
        allow_custom_parameters=True,
    )
    return life.engine.result(uid)


def serial(**options):
    """A decorated operation, which says that it ran; called as the engine does."""
    options.setdefault("workflows", ["act", "rows"])

    @serial_operation(**options)
    def ran(ctx, value=1):
        """Says who it is."""
        return [ctx.instance.id, value]

    return lambda ctx: ran(ctx=ctx, value=2)


def test_the_first_runs_and_the_second_waits_for_it(life):
    """The retry is an ordinary one, and says who is waited for."""
    assert act(life, serial(), "source_3") == ["source_3", 2]
    with pytest.raises(CloudifySerializationRetry, match=r"^source_5 waits for source_3, source_4$") as raised:
        act(life, serial(), "source_5")
    assert isinstance(raised.value, RecoverableError)


def test_once_the_others_have_come_further_it_runs(life):
    """In the states that it names; a smaller index only."""
    act(life, None, None, workflow="states", states={"source_3": "started", "source_4": "configured"})
    assert act(life, serial(), "source_4") == ["source_4", 2]
    with pytest.raises(CloudifySerializationRetry, match=r"^source_5 waits for source_4$"):
        act(life, serial(), "source_5")
    assert act(life, serial(states=["started", "configured"]), "source_5") == ["source_5", 2]


def test_under_the_threshold_the_order_does_not_matter(life):
    """As long as fewer have come so far."""
    assert act(life, serial(threshold=2), "source_5") == ["source_5", 2]
    act(life, None, None, workflow="states", states={"source_3": "started", "source_7": "started"})
    with pytest.raises(CloudifySerializationRetry, match=r"^source_5 waits for source_4$"):
        act(life, serial(threshold=2), "source_5")
    assert act(life, serial(threshold=3), "source_5") == ["source_5", 2]


def test_in_other_workflows_nobody_waits(life):
    """`install` unless others are named."""
    assert act(life, serial(workflows=None), "source_9") == ["source_9", 2]


def test_retries_bring_them_into_order(life):
    """Each waits until the one before has started."""
    operation = serial()

    def doing(ctx):
        found = operation(ctx)
        WORLD.seen.append(ctx.instance.id)
        return found

    sharing.TODO[:] = [doing]
    names = ["source_5", "source_4", "source_3"]
    _, state = life.run(
        "rows", {"instances": names}, deployment="d", options=RunOptions(task_retries=-1, task_retry_interval=0),
        allow_custom_parameters=True,
    )  # fmt: skip
    assert state == "terminated"
    assert WORLD.seen == names[::-1]


def test_the_decorated_function_is_an_operation():
    """It keeps its name, gets what `operation` marks, and finds ctx by itself."""

    @serial_operation(resumable=True)
    def named():
        """Says so."""

    assert (named.__name__, named.__doc__, named.resumable) == ("named", "Says so.", True)
