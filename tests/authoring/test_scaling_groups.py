"""What the journal keeps of scaling groups, and what authors see of it (workflow-api §2.4, §2.6, §7.4)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from durable_wf import RunOptions
from tests.authoring import grouping

BLUEPRINT = Path(__file__).parent / "grouped" / "blueprint.yaml"
ZONE = {"name": "zone", "id": "zone_1"}
CHAINS = {
    "server": [[{"name": "pair", "id": pair}, ZONE] for pair in ("pair_2", "pair_3")],
    "address": [[{"name": "pair", "id": pair}, ZONE] for pair in ("pair_2", "pair_3")],
    "app": [[], []],
}


@pytest.fixture
def life(deploy):
    """A process with the deployment `d`. Ids: zone_1, pair_2/3, server_4/5, address_6/7, app_8/9."""
    return deploy(BLUEPRINT)


def result(life, workflow):
    uid, _ = life.run(workflow, {}, deployment="d", options=RunOptions(task_retries=0, task_retry_interval=0))
    return life.engine.result(uid)


def test_each_instance_is_stored_with_its_groups(life):
    """Inner to outer, in the row's own column; the groups themselves with the blueprint's plan."""
    found = {}
    for row in life.journal.instances(1):
        found.setdefault(row.node, []).append(json.loads(row.scaling_groups_json))
    assert found == CHAINS
    (blueprint,) = life.journal.blueprints()
    assert json.loads(blueprint.plan_json)["scaling_groups"]["pair"]["scalable"] == {
        "default_instances": 2,
        "max_instances": 5,
    }


def test_a_workflow_sees_groups_and_instances_in_them(life):
    """By the deployment, by each instance, and by the handler; members are copies."""
    shown = result(life, "shows")
    counts = {"default_instances": 2, "min_instances": 0, "max_instances": 5}
    assert shown["groups"]["pair"] == {
        "members": ["server", "address"],
        "properties": {**counts, "current_instances": 2, "planned_instances": 2},
    }
    assert shown["groups"]["zone"]["properties"]["max_instances"] == -1
    assert sorted(shown["groups"]) == ["pair", "zone"]
    assert shown["handler"]
    assert shown["instances"]["server_4"] == CHAINS["server"][0]
    assert shown["instances"]["app_9"] == []
    assert shown["links"] == {"app_8": ["server_4", "address_6"], "app_9": ["server_5", "address_7"]}


def test_an_operation_sees_the_groups_of_its_instance(life):
    """By id; who is only contained in a member has none of its own."""
    assert result(life, "tells_all") == {
        "server_4": {"pair_2": "pair", "zone_1": "zone"},
        "server_5": {"pair_3": "pair", "zone_1": "zone"},
        "app_8": {},
        "app_9": {},
    }


def test_a_plain_python_workflow_has_no_groups_and_nothing_to_modify(life):
    uid, _ = life.run(grouping.has_no_deployment, {})
    assert life.engine.result(uid) == [
        {},
        "this workflow has no deployment, and so nothing to modify",
        "this workflow has no deployment, and so nothing to modify",
    ]
