"""L8 and every other law where the function modifies its deployment: with crashes, second runners, cancels, resumes."""

import os
import random
from collections import Counter

import pytest

from durable_wf.model.states import EXECUTION, MODIFICATION
from tests.laws import chaos

LONGER = "DURABLE_WF_EXAMPLES" in os.environ
EXAMPLES = int(os.environ.get("DURABLE_WF_EXAMPLES", "80"))
SEEDS = random.Random().sample(range(10**9), EXAMPLES) if LONGER else range(EXAMPLES)  # a failure names its seed
PARTS = 4


@pytest.mark.parametrize("part", range(PARTS))
def test_every_law_holds_while_a_deployment_is_modified(part):
    """Every commit is looked at (see `laws.Watch`): after each rollback all is shown as before its start."""
    for seed in SEEDS[part::PARTS]:
        try:
            chaos.play(seed, modifies=True).watch.check_begins()
        except Exception as error:
            error.add_note(f"seed {seed}")
            raise


@pytest.mark.parametrize("part", range(PARTS))
def test_every_law_holds_while_people_cancel_a_modification(part):
    """And it comes to an end."""
    for seed in SEEDS[part::PARTS]:
        try:
            world = chaos.play_cancelled(seed, modifies=True)
            assert world.state in EXECUTION.ended
        except Exception as error:
            error.add_note(f"seed {seed}")
            raise


@pytest.mark.parametrize("part", range(PARTS))
def test_L5_a_modified_deployment_is_as_without_a_crash(part):
    """The storage, and what the function has seen."""
    for seed in SEEDS[part::PARTS]:
        try:
            chaos.compare_with_calm(seed, modifies=True)
        except Exception as error:
            error.add_note(f"seed {seed}")
            raise


def test_the_play_meets_every_end_of_a_modification():
    """Else the tests above would show nothing."""
    seen = Counter()
    for seed in range(40):
        world = chaos.play_cancelled(seed, modifies=True, replays=False, verifies=False)
        seen.update(str(MODIFICATION.states[row.state]) for row in world.journal.modifications())
        seen["compared"] += world.watch.rolled_back
    assert {"finished", "rolledback"} <= set(seen)
    assert seen["compared"] > 10
