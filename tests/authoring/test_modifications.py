"""What an author sees of a modification (workflow-api §2.7), in nested scaling groups too."""

from __future__ import annotations

from pathlib import Path

import pytest

from durable_wf import RunOptions
from tests.authoring import changing

BLUEPRINT = Path(__file__).parent / "grouped" / "blueprint.yaml"


@pytest.fixture
def life(deploy):
    """A process with the deployment `d`. Ids: zone_1, pair_2/3, server_4/5, address_6/7, app_8/9."""
    return deploy(BLUEPRINT)


def does(life, what, **more):
    options = RunOptions(task_retries=0, task_retry_interval=0)
    parameters = {"what": what.__name__, **more}
    uid, _ = life.run("changes", parameters, deployment="d", options=options, allow_custom_parameters=True)
    assert list(life.journal.verify()) == []
    return life.engine.result(uid)


def test_containers_hold_what_is_new_with_what_is_related_and_their_nodes(life):
    """One more group: a server and its address, and the app that the server holds."""
    found = does(life, changing.adds_a_pair)
    assert found["nodes"] == ["address", "app", "server"]
    assert sorted(found["instances"]) == ["address", "app", "server"]
    assert set(found["instances"].values()) == {"added"}
    assert found["unknown"] == [None, None]
    assert found["groups"]["pair"]["current_instances"] == 2
    assert found["groups"]["pair"]["planned_instances"] == 3
    assert found["contained"] == ["app"]


def test_what_is_shown_stays_as_it_was_at_the_start(life):
    """The context's own instances are others: they show what came after."""
    assert does(life, changing.keeps_a_snapshot) == [["uninitialized", "mine"], [True, True]]


def test_hints_may_be_sets_and_choose_who_goes(life):
    assert does(life, changing.removes_by_hint) == {"address_6": "removed", "server_4": "removed", "app_8": "removed"}


def test_an_operation_is_told_the_present_number_of_instances(life):
    assert does(life, changing.asks_an_operation) == [1, 2]


def test_bad_wishes_are_refused_in_one_sentence_each_and_change_nothing(life):
    """What is not known is left out, as in the older system (blueprint-dsl §16)."""
    said = does(life, changing.wishes)
    assert said[0] == "fine"
    assert "app.instances: an integer of at least 0 is expected, not -1" in said[1]
    assert "there is no key 'instance'" in said[2]
    assert "it is a mapping of names" in said[3]
    assert [row.state for row in life.journal.modifications()] == [2]


def test_a_started_one_is_listed_and_only_that(life):
    assert does(life, changing.lists) == [[], True, []]


def test_a_modification_cannot_be_started_from_another_thread_or_a_local_task(life):
    assert "only the workflow function's own thread may ask for tasks" in does(life, changing.starts_in_a_local_task)
    assert life.journal.modifications() == []
