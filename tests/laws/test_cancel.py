"""The laws while people cancel: with crashes, stops and second runners, and resumed until nothing is left to resume."""

import os
import random
from collections import Counter

import pytest

from durable_wf.codec import decode
from durable_wf.model.rows import Subject
from durable_wf.model.states import EXECUTION, TASK, XE, T
from tests.laws import chaos

LONGER = "DURABLE_WF_EXAMPLES" in os.environ
EXAMPLES = int(os.environ.get("DURABLE_WF_EXAMPLES", "240"))
SEEDS = random.Random().sample(range(10**9), EXAMPLES) if LONGER else range(EXAMPLES)  # a failure names its seed
EVENTS = tuple(XE)


@pytest.mark.parametrize("part", range(8))
def test_every_law_holds_while_people_cancel_and_resume(part):
    """Every commit is looked at (see `laws.Watch`), and it comes to an end."""
    for seed in SEEDS[part::8]:
        try:
            world = chaos.play_cancelled(seed)
            assert world.state in EXECUTION.ended
            world.watch.check_begins()
        except Exception as error:
            error.add_note(f"seed {seed}")
            raise


def test_the_play_meets_every_kind_of_cancellation():
    """Else the test above would show nothing."""
    seen = Counter()
    for seed in range(25):
        world = chaos.play_cancelled(seed, replays=False, verifies=False)
        for row in world.journal.transitions(1):
            if row.subject == Subject.EXECUTION:
                event = EVENTS[row.event]
                seen[str(event) if event is not XE.TOLD else f"told by {next(iter(decode(row.detail_json)))}"] += 1
        states = [TASK.states[task.state] for task in world.journal.history(1).tasks]
        seen.update(str(state) for state in states if state is T.SUPERSEDED)
    wanted = {
        "cancel", "force", "kill", "called_off", "unwound", "resumed_cancelling", "reopened", "told by get",
        "told by execute", "told by poll", "superseded",
    }  # fmt: skip
    assert wanted <= set(seen)
