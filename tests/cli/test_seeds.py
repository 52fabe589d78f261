"""Workflows over sets, and with a time stamp in an argument: killed, and resumed under another hash seed."""

import pytest

BLUEPRINT = """\
tosca_definitions_version: cloudify_dsl_1_5
imports: [cloudify/types/types.yaml]
plugins:
  seeded: {executor: central_deployment_agent, install: false}
node_types:
  seeded.Thing:
    derived_from: cloudify.nodes.Root
    interfaces:
      life:
        make: seeded.seeded_plugin.make
        meet: seeded.seeded_plugin.meet
node_templates:
  host: {type: seeded.Thing}
  page:
    type: seeded.Thing
    instances: {deploy: 9}
    relationships:
      - {type: cloudify.relationships.contained_in, target: host}
workflows:
  by_sets: {mapping: seeded.seeded_plugin.by_sets, parameters: {address: {}}}
  by_plain_sets: {mapping: seeded.seeded_plugin.by_plain_sets, parameters: {address: {}}}
  by_names: {mapping: seeded.seeded_plugin.by_names, parameters: {address: {}}}
  by_time: {mapping: seeded.seeded_plugin.by_time, parameters: {address: {}}}
"""

PLUGIN = """\
import time

from cloudify import ctx
from cloudify.decorators import operation, workflow

from tests.crash.held import wait_for_the_test

@operation(resumable=True)
def make(at=None, **_):
    times = ctx.instance.runtime_properties.get("times", [])
    ctx.instance.runtime_properties["times"] = [*times, at]
    return ctx.instance.id

@operation(resumable=True)
def meet(address, **_):
    wait_for_the_test(address, ctx.instance.id)

def host(ctx):
    return next(ctx.get_node("host").instances)

def in_order(ctx, instances, address):
    # One after the other: what an earlier run began must be asked for again before anything else.
    found = []
    for number, one in enumerate(instances):
        found.append(one.execute_operation("life.make", {"at": number}).get())
        if number == 4:
            host(ctx).execute_operation("life.meet", {"address": address}).get()
    return found

@workflow
def by_sets(ctx, address, **_):
    return in_order(ctx, host(ctx).get_contained_subgraph() - {host(ctx)}, address)

@workflow
def by_plain_sets(ctx, address, **_):
    return in_order(ctx, {one for one in ctx.node_instances if one.node_id == "page"}, address)

@workflow
def by_names(ctx, address, **_):
    graph = ctx.graph_mode()
    first = host(ctx).execute_operation("life.meet", {"address": address})
    graph.add_task(first)
    for name in {one.id for one in ctx.get_node("page").instances}:
        task = ctx.get_node_instance(name).execute_operation("life.make")
        graph.add_task(task)
        graph.add_dependency(task, first)
    graph.execute()
    return sorted(one.id for one in ctx.get_node("page").instances)

@workflow
def by_time(ctx, address, **_):
    page = next(ctx.get_node("page").instances)
    page.execute_operation("life.make", {"at": time.time()}).get()
    host(ctx).execute_operation("life.meet", {"address": address}).get()
    return page.id
"""


@pytest.fixture
def seeded(program, tmp_path):
    """A deployment `d`."""
    (tmp_path / "blueprint.yaml").write_text(BLUEPRINT)
    (tmp_path / "seeded_plugin.py").write_text(PLUGIN)
    program("deployments", "create", tmp_path / "blueprint.yaml", "-d", "d")
    return program


def killed_and_resumed(program, gate, workflow):
    """What the second process said, which had another hash seed than the first, which was killed."""
    program.environ["PYTHONHASHSEED"] = "1"
    process = program.begin("run", workflow, "-d", "d", "-p", f"address={gate.address}")
    held = gate.next()
    process.kill()
    process.communicate()
    held.gone()
    program.environ["PYTHONHASHSEED"] = "2"
    process = program.begin("resume", program.uid())
    gate.next().go()
    done = program.end(process, 0)
    found = program.json("show", program.uid())
    assert found["state"] == "terminated"
    return done, found


def times(program):
    """How often each page was made, and with what."""
    found = program.json("deployments", "instances", "d")["items"]
    return {one["id"]: one["runtime_properties"].get("times") for one in found if one["node_id"] == "page"}


@pytest.mark.parametrize("workflow", ["by_sets", "by_plain_sets"])
def test_sets_of_instances_are_gone_through_in_the_same_order(seeded, gate, workflow):
    """One after the other, in sets that the API gives and in ones that the plugin makes; nothing is done twice."""
    done, found = killed_and_resumed(seeded, gate, workflow)
    assert "arguments differ" not in done.stderr
    assert times(seeded) == {name: [number] for number, name in enumerate(found["result"])}


def test_a_graph_that_is_built_in_any_order_is_the_same(seeded, gate):
    """A set of texts, whose order the seed decides: graphs are compared as sets."""
    done, found = killed_and_resumed(seeded, gate, "by_names")
    assert "arguments differ" not in done.stderr
    assert times(seeded) == {name: [None] for name in found["result"]}


def test_a_time_stamp_among_the_arguments_is_told_and_the_journals_is_used(seeded, gate):
    """A warning names the argument; what ran is not run again with another one."""
    done, found = killed_and_resumed(seeded, gate, "by_time")
    assert "arguments differ from the journal's, which are used: kwargs.at: " in done.stderr
    (at,) = times(seeded)[found["result"]]
    assert isinstance(at, float)
