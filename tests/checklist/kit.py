"""The checklist's kit: what the older system's local environment is to its tests, made of an engine.

A test writes its workflow inside itself; `plays`, a workflow of every blueprint here, calls it.
"""

from __future__ import annotations

import importlib
import itertools
from typing import TYPE_CHECKING, Any, Self
from unittest import mock

from cloudify.decorators import workflow

from durable_wf import RunOptions
from durable_wf.testing.stores import MemoryStore
from tests.replay import kit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEAD = """\
tosca_definitions_version: cloudify_dsl_1_5
imports: [cloudify/types/types.yaml]
plugins:
  checklist:
    executor: central_deployment_agent
    install: false
    package_name: checklist-plugin
    package_version: "1.2"
workflows:
  plays:
    mapping: checklist.tests.checklist.kit.plays
    parameters:
      part: {}
      parameters: {default: {}}
"""

APP = """\
relationships:
  linked:
    derived_from: cloudify.relationships.connected_to
    source_interfaces:
      links:
        touches: checklist.tests.checklist.plugin.touches_target
node_types:
  App:
    derived_from: cloudify.nodes.Root
    properties:
      port: {default: 80}
    interfaces:
      ops:
        says: checklist.tests.checklist.plugin.says
        fails: checklist.tests.checklist.plugin.fails
        spoils: checklist.tests.checklist.plugin.spoils
        counts: checklist.tests.checklist.plugin.counts
        sets: checklist.tests.checklist.plugin.sets
        looks: checklist.tests.checklist.plugin.looks
        overrides: checklist.tests.checklist.plugin.overrides
        twice:
          implementation: checklist.tests.checklist.plugin.counts
          max_retries: 2
          retry_interval: 0
        takes:
          implementation: checklist.tests.checklist.plugin.takes
          inputs:
            a: {default: of the blueprint}
node_templates:
  host:
    type: cloudify.nodes.Compute
    properties: {ip: 10.0.0.1}
  app:
    type: App
    relationships:
      - {type: cloudify.relationships.contained_in, target: host}
      - {type: linked, target: other}
  other:
    type: App
"""

LIFE = """\
relationships:
  follows:
    derived_from: cloudify.relationships.depends_on
    source_interfaces:
      cloudify.interfaces.relationship_lifecycle:
        establish: checklist.tests.checklist.plugin.notes
        unlink: checklist.tests.checklist.plugin.notes
node_types:
  Step:
    derived_from: cloudify.nodes.Root
    properties:
      broken: {default: {}}
    interfaces:
      cloudify.interfaces.lifecycle:
        create: checklist.tests.checklist.plugin.notes
        configure: checklist.tests.checklist.plugin.notes
        start: checklist.tests.checklist.plugin.notes
        stop: checklist.tests.checklist.plugin.notes
        delete: checklist.tests.checklist.plugin.notes
"""

SCRIPTS = """\
node_types:
  Scripted:
    derived_from: cloudify.nodes.Root
    interfaces:
      ops:
        gives: scripts/gives.sh
        retries: scripts/retries.sh
        retries_too: scripts/retries_too.sh
        aborts: scripts/aborts.sh
        twice: scripts/twice.sh
node_templates:
  app: {type: Scripted}
"""
FILES = {
    "scripts/gives.sh": """ctx returns '@["1", 2, true]'""",
    "scripts/retries.sh": "ctx retry_operation again",
    "scripts/retries_too.sh": "ctx retry-operation again",
    "scripts/aborts.sh": "ctx abort-operation enough",
    "scripts/twice.sh": "ctx returns 1\nctx returns 2",
}

PARTS: dict[str, Callable[..., Any]] = {}
ONCE = RunOptions(task_retries=0, task_retry_interval=0)
OFTEN = RunOptions(task_retries=5, task_retry_interval=0)


@workflow
def plays(ctx: Any, part: str, parameters: dict[str, Any]) -> Any:
    """Do what a test wants done."""
    return PARTS[part](ctx, **parameters)


@workflow
def gives(**parameters: Any) -> dict[str, Any]:
    """What it was given."""
    return {name: value for name, value in parameters.items() if name != "ctx" and value is not None}


def app(ctx: Any) -> Any:
    """The instance of the node `app`."""
    return next(ctx.get_node("app").instances)


def says(ctx: Any, name: str) -> Any:
    """A task that notes that it ran."""
    return app(ctx).execute_operation("ops.says", {"name": name})


def write_blueprint(folder: Path, text: str, files: dict[str, str] | None = None) -> Path:
    """The blueprint's file, with what lies beside it."""
    for name, content in {"blueprint.yaml": HEAD + text, **(files or {})}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder / "blueprint.yaml"


def needs(module: str) -> Any:
    """A module of a later subject.

    raises  ModuleNotFoundError while it is not built
    """
    return importlib.import_module(module)


class Env:
    """A deployment `d` of a blueprint, and an engine.

    text   what follows `HEAD`
    files  what lies beside the blueprint
    store  a journal that is there already, with the deployment in it
    """

    def __init__(self, folder: Path, text: str = "", *, files: Any = None, store: Any = None, **engine: Any) -> None:
        self.store = store or MemoryStore()
        self.life = kit.Life(self.store, **engine)
        self.engine = self.life.engine
        self.uid = ""
        if store is None:
            numbers = itertools.count(1)
            blueprint = write_blueprint(folder, text, files)
            self.engine.deployments.create(blueprint, "d", new_suffix=lambda: str(next(numbers)))

    def start(self, workflow: Any, parameters: dict[str, Any] | None = None, options: RunOptions = ONCE) -> str:
        """Start a workflow of the blueprint by name, or a function of a test.

        raises  NotFoundError
        """
        if callable(workflow):
            PARTS[workflow.__qualname__] = workflow
            parameters = {"part": workflow.__qualname__, "parameters": parameters or {}}
            workflow = "plays"
        self.uid = self.engine.start(workflow, parameters or {}, deployment="d", options=options)
        return self.uid

    def wait(self) -> str | None:
        """The state in which the last one ended."""
        return self.life.wait(self.uid)

    def execute(self, workflow: Any, parameters: dict[str, Any] | None = None, options: RunOptions = ONCE) -> Any:
        """Run it; what it returns.

        raises  what it raised
        """
        self.start(workflow, parameters, options)
        self.wait()
        return self.engine.result(self.uid)

    def instances(self) -> dict[str, Any]:
        """The instances by their nodes' names, as they are stored."""
        found = self.engine.deployments.find("d").instances()
        return {one.node: one for one in found}

    def close(self) -> None:
        """End the engine."""
        self.life.bury()


class Heard:
    """Events and logs, captured as the older system's tests do: the two functions of `cloudify.logs` are replaced."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.logs: list[dict[str, Any]] = []
        self._patches = [
            mock.patch("cloudify.logs.stdout_event_out", lambda event, **_: self.events.append(event)),
            mock.patch("cloudify.logs.stdout_log_out", lambda log, **_: self.logs.append(log)),
        ]

    def __enter__(self) -> Self:
        for patch in self._patches:
            patch.start()
        return self

    def __exit__(self, *_: object) -> None:
        for patch in self._patches:
            patch.stop()

    def types(self, text: str = "") -> list[str]:
        """The kinds of the events whose text has `text`."""
        return [one["event_type"] for one in self.events if text in one["message"]["text"]]
