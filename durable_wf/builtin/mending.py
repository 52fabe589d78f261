"""Heal and update of one node instance in its place. Source: workflow-api §10.9, §10.10."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.authoring.handlers import HandlerResult
from durable_wf.builtin.checks import DRIFT, SOURCE_DRIFT, TARGET_DRIFT
from durable_wf.builtin.failures import SubgraphOnFailure
from durable_wf.builtin.steps import LIFECYCLE, operation, relationships
from durable_wf.builtin.system import change, writes

if TYPE_CHECKING:
    from durable_wf.authoring.node_instances import CloudifyWorkflowNodeInstance
    from durable_wf.authoring.subgraphs import SubgraphTask
    from durable_wf.authoring.tasks import WorkflowTask
    from durable_wf.builtin.steps import Owner

HEAL = f"{LIFECYCLE}.heal"
HEAL_FAILED = "heal_failed"

_UPDATE_STEPS = ("preupdate", "update", "postupdate", "update_config", "update_apply", "update_postapply")


def heal_node_instance_subgraph(instance: CloudifyWorkflowNodeInstance, graph: Owner, **_: Any) -> SubgraphTask:
    """The subgraph `heal_<instance id>`. A failure is ignored, and written down under `heal_failed`."""
    subgraph = graph.subgraph(f"heal_{instance.id}")
    subgraph.on_failure = _Written(instance, failed=True)
    subgraph.on_success = _Written(instance, failed=False)
    subgraph.sequence().add(
        instance.send_event("Healing node instance"),
        *operation(instance, f"{LIFECYCLE}.preheal"),
        *operation(instance, HEAL),
        *operation(instance, f"{LIFECYCLE}.postheal"),
        instance.send_event("Node instance healed"),
    )
    return subgraph


class _Written:
    """A handler that has written down how a heal went."""

    def __init__(self, instance: CloudifyWorkflowNodeInstance, *, failed: bool) -> None:
        self._instance = instance
        self._failed = failed

    def __call__(self, subgraph: SubgraphTask) -> HandlerResult:
        """Decide."""
        ctx: Any = self._instance.ctx
        if self._failed:
            changes = [change([HEAL_FAILED], ctx.execution_id)]
        else:
            healed = {"ok": True, "healed": True, "task": subgraph.name, "result": None}
            changes = [change(["status"], healed, "previous_status"), change([HEAL_FAILED], None)]
        _beside(subgraph, writes(ctx, self._instance.id, *changes))
        return HandlerResult.ignore() if self._failed else HandlerResult.cont()


def update_node_instance_subgraph(instance: CloudifyWorkflowNodeInstance, graph: Owner, **_: Any) -> SubgraphTask:
    """The subgraph `update_<instance id>`: the instance, then its relationships, are made what they should be.

    What was known of their drift is out of date after it.
    """
    subgraph = graph.subgraph(f"update_{instance.id}")
    subgraph.on_failure = SubgraphOnFailure(instance, lambda one, owner, _: update_node_instance_subgraph(one, owner))
    own = [element for name in _UPDATE_STEPS for element in operation(instance, f"{LIFECYCLE}.{name}")]
    known = [writes(instance.ctx, instance.id, change([DRIFT], None), change([SOURCE_DRIFT], None))]
    known += [
        writes(instance.ctx, target, change([TARGET_DRIFT, instance.id], None))
        for target in dict.fromkeys(rel.target_id for rel in instance.relationships)
    ]
    subgraph.sequence().add(
        instance.send_event("Updating node instance"),
        *own,
        *relationships(subgraph, instance, "update"),
        *known,
        instance.send_event("Node instance updated"),
    )
    return subgraph


def _beside(subgraph: SubgraphTask, task: WorkflowTask) -> None:
    """Add a task to where a subgraph is that has ended."""
    outer = subgraph.containing_subgraph
    if outer is None:
        subgraph.graph.add_task(task)
    else:
        outer.add_task(task)
