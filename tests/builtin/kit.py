"""Deployments for the tests of built-in workflows, and what their executions did, read off the journal."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from durable_wf import RunOptions
from durable_wf.codec import decode
from durable_wf.model.rows import Kind, Subject
from durable_wf.model.states import TASK, T
from durable_wf.testing.stores import MemoryStore
from tests.replay import kit

if TYPE_CHECKING:
    from collections.abc import Iterator

ONCE = RunOptions(task_retries=0, task_retry_interval=0)

STEP = "tests.tests.builtin.plugin.step"


def _relationship_operations(side: str) -> str:
    how = f"{{implementation: {STEP}, inputs: {{side: {{default: {side}}}}}}}"
    return "\n".join(f"    {name}: {how}" for name in ("preconfigure", "postconfigure", "establish", "unlink"))


HEAD = f"""\
tosca_definitions_version: cloudify_dsl_1_5
imports: [cloudify/types/types.yaml]
plugins:
  tests: {{executor: central_deployment_agent, install: false}}
dsl_definitions:
  lifecycle: &lifecycle
    precreate: {STEP}
    create: {STEP}
    configure: {STEP}
    start: {STEP}
    poststart: {STEP}
    prestop: {STEP}
    stop: {STEP}
    delete: {STEP}
    postdelete: {STEP}
  validation: &validation
    create: {STEP}
    delete: {STEP}
  at_source: &at_source
{_relationship_operations("source")}
  at_target: &at_target
{_relationship_operations("target")}
workflows:
  checked:
    mapping: tests.tests.builtin.plugin.checked
    parameters: {{run_by_dependency_order: {{default: false}}}}
  twice: tests.tests.builtin.plugin.twice
  installs_and_scales:
    mapping: tests.tests.builtin.plugin.installs_and_scales
    parameters: {{delta: {{}}}}
  old_scale:
    mapping: default_workflows.cloudify.plugins.workflows.scale
    parameters: {{node_id: {{}}, delta: {{}}, scale_compute: {{}}}}
  sets:
    mapping: tests.tests.builtin.plugin.sets
    parameters: {{states: {{default: {{}}}}, properties: {{default: {{}}}}}}
node_types:
  Host:
    derived_from: cloudify.nodes.Compute
    interfaces:
      cloudify.interfaces.lifecycle: *lifecycle
      cloudify.interfaces.validation: *validation
      cloudify.interfaces.host:
        get_state: {{implementation: {STEP}, inputs: {{answers: {{default: true}}}}}}
      cloudify.interfaces.monitoring_agent:
        install: {STEP}
        start: {STEP}
        stop: {STEP}
        uninstall: {STEP}
  App:
    derived_from: cloudify.nodes.Root
    interfaces:
      cloudify.interfaces.lifecycle: *lifecycle
      cloudify.interfaces.validation: *validation
      cloudify.interfaces.monitoring:
        start: {STEP}
        stop: {STEP}
  Small:
    derived_from: cloudify.nodes.Root
    interfaces:
      cloudify.interfaces.lifecycle:
        create: {STEP}
        start: {STEP}
        stop: {STEP}
        delete: {STEP}
relationships:
  inside:
    derived_from: cloudify.relationships.contained_in
    source_interfaces: {{cloudify.interfaces.relationship_lifecycle: *at_source}}
    target_interfaces: {{cloudify.interfaces.relationship_lifecycle: *at_target}}
  linked:
    derived_from: cloudify.relationships.connected_to
    source_interfaces: {{cloudify.interfaces.relationship_lifecycle: *at_source}}
    target_interfaces: {{cloudify.interfaces.relationship_lifecycle: *at_target}}
"""

SHOP = """\
node_templates:
  front: {type: Host}
  back: {type: Host}
  db:
    type: App
    relationships: [{type: inside, target: back}]
  web:
    type: App
    relationships: [{type: inside, target: front}, {type: linked, target: db}]
"""

CHAIN = """\
node_templates:
  c: {type: Small}
  b: {type: Small, relationships: [{type: linked, target: c}]}
  a: {type: Small, relationships: [{type: linked, target: b}]}
"""


class Deployed:
    """A deployment `d` of a blueprint, and an engine. Instances are called by their node and a number: `web_1`."""

    def __init__(self, folder: Path, text: str, store: Any = None, **engine: Any) -> None:
        self.store = store or MemoryStore()
        if store is None:
            deploy(folder, text, self.store)
        self.life = kit.Life(self.store, **engine)
        self.uid = ""

    def run(self, workflow: str, options: RunOptions = ONCE, **parameters: Any) -> str | None:
        """The state in which it ended."""
        self.uid, state = self.life.run(workflow, parameters, deployment="d", options=options)
        return state

    def states(self) -> dict[str, str]:
        """Each instance's state by its id."""
        return {one.id: one.state for one in self.life.engine.deployments.find("d").instances()}

    def instance(self, name: str) -> Any:
        """One of them."""
        return next(one for one in self.life.engine.deployments.find("d").instances() if one.id == name)

    def said(self) -> list[str]:
        """The texts of the events, in order."""
        return [one.message for one in self.life.journal.events(self.life.engine.find(self.uid).id)]

    def trace(self, about: str = "", *, where: str = "") -> list[str]:
        """What ended well, in order: `create`, `=created` for a state, `"text"` for an event.

        about  an instance's id: only what was done to it, or by it to others
        where  only what is in a subgraph of this name, however deep
        """
        history = self.life.journal.history(self.life.engine.find(self.uid).id)
        tasks = {task.no: task for task in history.tasks}
        bodies = {payload.no: decode(payload.body_json)["kwargs"] for payload in history.payloads}
        good = TASK.code(T.SUCCEEDED)
        ended = [
            tasks[one.subject_no]
            for one in self.life.journal.transitions(history.execution.id)
            if one.subject == Subject.TASK and one.target == good
        ]
        return [
            _label(task, bodies[task.request], about)
            for task in ended
            if task.kind in (Kind.OPERATION, Kind.SET_STATE, Kind.EVENT)
            and (not about or task.target.partition("->")[0] == about)
            and (not where or where in _around(tasks, task))
        ]

    def subgraphs(self) -> list[str]:
        """The names of all subgraphs, each as often as it was made."""
        history = self.life.journal.history(self.life.engine.find(self.uid).id)
        return sorted(task.name for task in history.tasks if task.kind == Kind.SUBGRAPH)

    def close(self) -> None:
        """End the engine."""
        self.life.bury()


def _around(tasks: dict[int, Any], task: Any) -> list[str]:
    found = []
    while task.parent is not None:
        task = tasks[task.parent]
        found.append(task.name)
    return found


def _label(task: Any, given: dict[str, Any], about: str) -> str:
    whose = "" if about and "->" not in task.target else f"{task.target} "
    if task.kind == Kind.EVENT:
        return f'{whose}"{given["event"]}"'
    if task.kind == Kind.SET_STATE:
        return f"{whose}={given['state']}"
    interface, _, operation = task.name.rpartition(".")
    prefix = next((f"{name}." for name in ("validation", "monitoring") if interface.endswith(f".{name}")), "")
    return f"{whose}{prefix}{operation}"


def deploy(folder: Path, text: str, store: Any) -> Any:
    """Make the deployment; the store."""
    folder.mkdir(parents=True, exist_ok=True)
    blueprint = folder / "blueprint.yaml"
    blueprint.write_text(HEAD + text)
    life = kit.Life(store)
    life.engine.deployments.create(blueprint, "d", new_suffix=suffixes().__next__)
    life.bury()
    return store


def suffixes() -> Iterator[str]:
    """As many as are asked for."""
    return map(str, itertools.count(1))
