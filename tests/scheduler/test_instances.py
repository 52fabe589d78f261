"""The node instances of a deployment during one turn."""

import pytest

from durable_wf.codec import decode
from durable_wf.graph.properties import merge
from durable_wf.model.protocol import MISSING, PropertyChange
from durable_wf.scheduler.instances import TurnStorage, instance_data
from tests.journal import kit


@pytest.fixture
def storage(store):
    """Of a turn that is open."""
    journal = store.open()
    deployment = kit.deploy(journal)
    with journal.turn() as turn:
        yield TurnStorage(turn, deployment.id)
    journal.close()


def test_L7_an_instance_is_read_as_this_turn_has_left_it(storage):
    """Of two outcomes that change two keys of one instance in one turn, neither writes the other's away."""
    for key in ("first", "second"):
        row, conflict = merge(storage.instance("node_1"), [PropertyChange(key, MISSING, 1)])
        assert conflict is None
        storage.put(row)
    assert decode(storage.instance("node_1").runtime_properties_json) == {"first": 1, "second": 1}
    assert instance_data(storage, "node_1")["self"].runtime_properties == {"first": 1, "second": 1}
    assert instance_data(storage, "node_2")["self"].runtime_properties == {}


def test_without_a_deployment_there_are_no_instances(storage):
    assert TurnStorage(storage._turn, None).instance("node_1") is None
