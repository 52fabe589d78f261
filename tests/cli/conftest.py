"""Fixtures of the command line's tests."""

import pytest

from tests.cli.kit import Inside, Program
from tests.crash.kit import Gate


@pytest.fixture
def program(tmp_path):
    """The installed command, each call a process."""
    made = Program(tmp_path)
    yield made
    made.close()


@pytest.fixture
def inside(tmp_path, monkeypatch):
    """The same in this process."""
    monkeypatch.chdir(tmp_path)
    return Inside(tmp_path)


@pytest.fixture
def gate(tmp_path):
    """Where operations of `flows` wait for the test."""
    made = Gate(tmp_path)
    yield made
    made.close()


@pytest.fixture
def blueprint(tmp_path):
    """A small blueprint with its plugin."""
    (tmp_path / "blueprint.yaml").write_text(BLUEPRINT)
    (tmp_path / "small_plugin.py").write_text(PLUGIN)
    return tmp_path / "blueprint.yaml"


BLUEPRINT = """\
tosca_definitions_version: cloudify_dsl_1_5
description: A small one.
imports: [cloudify/types/types.yaml]
inputs:
  title: {type: string, default: small}
  scratch: {type: string, default: /tmp/shop}
plugins:
  small: {executor: central_deployment_agent, install: false}
node_types:
  small.Page:
    derived_from: cloudify.nodes.Root
    interfaces:
      life:
        make: small.small_plugin.make
node_templates:
  site: {type: cloudify.nodes.Root}
  page:
    type: small.Page
    instances: {deploy: 2}
    relationships:
      - {type: cloudify.relationships.connected_to, target: site}
workflows:
  start_all: small.small_plugin.start_all
  count:
    mapping: small.small_plugin.count
    parameters:
      times: {type: integer, description: How often.}
      label: {default: a}
outputs:
  title: {value: {get_input: title}}
"""

PLUGIN = """\
from cloudify import ctx
from cloudify.decorators import operation, workflow

@operation(resumable=True)
def make(**_):
    ctx.instance.runtime_properties["made"] = True

@workflow
def start_all(ctx, **_):
    graph = ctx.graph_mode()
    for instance in sorted(ctx.node_instances, key=lambda one: one.id):
        graph.sequence().add(
            instance.send_event("begins"), instance.execute_operation("life.make"), instance.set_state("started")
        )
    graph.execute()
    return "open"

@workflow
def count(ctx, times, label, **more):
    return [label] * times + sorted(more)
"""
