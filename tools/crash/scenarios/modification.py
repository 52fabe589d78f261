"""A deployment that is scaled out, changed by operations, and rolled back; then scaled out and in for good (L8).

Every modification is compared by the workflow itself: what a rollback gives back, and what a finish leaves.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from durable_wf import Engine, operation, workflow
from durable_wf.model.rows import History
from tools.crash.scenarios import ran
from tools.crash.scenarios.base import Runs

BLUEPRINT = Path(__file__).parent / "modified" / "blueprint.yaml"
_NAME = "scaled"


@operation(resumable=True)
def change(ctx: Any, folder: str, label: str) -> None:
    """Write a runtime property of the instance."""
    with ran.recorded(ctx, folder, label):
        ctx.instance.runtime_properties["changed"] = label


def _called(one: Any) -> str:
    """The same in every run, which ids are not."""
    return f"{one.node_id} {one.index}"


def _shown(ctx: Any) -> dict[str, Any]:
    """All that the deployment shows, by names that are the same in every run."""
    names = {one.id: _called(one) for one in ctx.node_instances}
    groups = ctx.deployment.scaling_groups.items()
    return {
        "instances": [
            [_called(one), one.state, one.runtime_properties, [names[each.target_id] for each in one.relationships]]
            for one in ctx.node_instances
        ],
        "counts": [[node.id, node.number_of_instances, node.planned_number_of_instances] for node in ctx.nodes],
        "groups": {name: group["properties"]["planned_instances"] for name, group in groups},
    }


@workflow(resumable=True)
def main(ctx: Any, folder: str) -> list[Any]:
    """Out and rolled back, out and finished, in and finished; what is there after each."""

    def change_all(instances: Any, when: str) -> None:
        running = []
        for one in instances:
            label = f"{when} {_called(one)}"
            context = {"node_id": one.id}
            kwargs = {"folder": folder, "label": label}
            running.append(ctx.execute_task(change, kwargs=kwargs, node_context=context, retry_interval=0))
        for result in running:
            result.get()

    change_all(ctx.node_instances, "first")
    ctx.refresh_node_instances()
    before = _shown(ctx), [[one.id, one.version] for one in ctx.node_instances]
    out = ctx.deployment.start_modification({"vm": {"instances": 2}, "ring": {"instances": 3}, "db": {"instances": 2}})
    change_all(out.added.node_instances, "discarded")
    for one in out.added.node_instances:
        ctx.get_node_instance(one.id).set_state("started").get()
    out.rollback()
    after_it = _shown(ctx), [[one.id, one.version] for one in ctx.node_instances]
    if after_it != before:
        text = f"L8: {after_it} is shown after the rollback of what began with {before}"
        raise AssertionError(text)
    after = []
    for count in (2, 1):
        done = ctx.deployment.start_modification({"vm": {"instances": count}, "ring": {"instances": count}})
        change_all([one for one in done.added.node_instances if one.modification], "kept")
        done.finish()
        after.append(_shown(ctx))
    return after


class Modification:
    """See `Scenario`."""

    clock = None

    def prepare(self, engine: Engine, folder: Path) -> None:
        del folder
        suffixes = map("c{:05}".format, itertools.count())  # the same in every run
        engine.deployments.create(BLUEPRINT, _NAME, {}, new_suffix=suffixes.__next__)

    def workflow(self, folder: Path) -> tuple[Any, dict[str, Any], str | None]:
        return "main", {"folder": str(folder)}, _NAME

    def names(self, history: History) -> Mapping[int, str]:
        return ran.labels(history)

    def ran(self, folder: Path) -> Mapping[str, Runs]:
        return ran.count(folder)

    def problems(self, folder: Path) -> list[str]:
        """Nothing was done outside."""
        del folder
        return []

    def clean(self, folder: Path) -> None:
        """Nothing is left."""
