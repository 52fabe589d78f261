"""The order of an install as `plan` tells it: the same that an install has (workflow-api §10.3, §10.5)."""

import pytest

from durable_wf.builtin.outline import outline
from tests.builtin import kit
from tests.dsl.kit import deployed as planned

HOSTS = """\
node_templates:
  host: {type: cloudify.nodes.Compute, instances: {deploy: 2}}
  one: &on_host
    type: cloudify.nodes.Root
    instances: {deploy: 3}
    relationships: [{type: cloudify.relationships.contained_in, target: host}]
  two: *on_host
  last:
    type: cloudify.nodes.Root
    relationships: [{type: cloudify.relationships.connected_to, target: one}]
"""


@pytest.mark.parametrize("text", [kit.SHOP, kit.CHAIN])
def test_the_operations_of_each_are_those_that_an_install_runs(deployed, text):
    env = deployed(text)
    env.run("install")
    stages = outline(planned(text, head=kit.HEAD))
    for node in (name for stage in stages for name in stage.nodes):
        instance = next(name for name in env.states() if name.rpartition("_")[0] == node)
        ran = [one for one in env.trace(instance) if not one.startswith(('"', "="))]
        shown = next(stage.operations for stage in stages if node in stage.nodes)
        assert [one.rpartition(".")[2] for one in shown] == [
            one.partition(" (")[0].rpartition(" ")[2].rpartition(".")[2] for one in ran
        ]


def test_stages_come_in_the_order_in_which_instances_begin(deployed):
    env = deployed(kit.SHOP)
    env.run("install")
    trace = env.trace()
    begins = {name.rpartition("_")[0]: trace.index(f"{name} =initializing") for name in env.states()}
    positions = {node: stage.position for stage in outline(planned(kit.SHOP, head=kit.HEAD)) for node in stage.nodes}
    assert positions == {"front": 1, "back": 1, "db": 2, "web": 3}
    assert max(begins["front"], begins["back"]) < begins["db"] < begins["web"]


def test_what_is_alike_is_one_stage():
    stages = [tuple(one) for one in outline(planned(HOSTS))]
    assert stages == [(1, ["host"], 2, []), (2, ["one", "two"], 12, []), (3, ["last"], 1, [])]
