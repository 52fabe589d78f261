"""A modification of a deployment, as a workflow has it. Source: reference/workflow-api.md §2.7.

What it shows of instances is as it was right after its start, whatever became of them since: it is a snapshot of its
own, beside `ctx.node_instances`, and the same in a replay.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from durable_wf.authoring.requests import effect_spec
from durable_wf.authoring.snapshot import WorkflowNodesAndInstancesContainer
from durable_wf.model.modification import ADDED, REMOVED
from durable_wf.model.plan import to_json
from durable_wf.model.protocol import InstanceData
from durable_wf.model.rows import Kind
from durable_wf.model.states import N

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from durable_wf.authoring.services import Topology
    from durable_wf.authoring.workflow_ctx import WorkflowContext
    from durable_wf.model.commands import Answer
    from durable_wf.model.events import Spec
    from durable_wf.model.modification import ChangedInstance, PlannedModification
    from durable_wf.model.plan import PlannedInstance

_OWN = frozenset({ADDED, REMOVED})  # others are shown as what they are to the change: related


class Doors(NamedTuple):
    """How recorded tasks are asked for, and waited for.

    ask    leaves the view of the storage where it is
    write  moves it
    """

    ask: Callable[[Spec], Answer]
    write: Callable[[Spec], Answer]


class ModificationNodes(WorkflowNodesAndInstancesContainer):
    """Instances that a modification adds or removes, with those that are related to them, and their nodes.

    Of an instance that is only related, whose `modification` is None, only relationships that are part of the change
    are there.
    """

    def __init__(
        self, ctx: WorkflowContext, topology: Topology, changed: Iterable[ChangedInstance], at: int | None
    ) -> None:
        there = {data.id: data for data in topology.instances(at)}
        found = list(changed)
        instances = [_as_changed(there.get(one.id), one.instance) for one in found]
        super().__init__(ctx, topology.nodes(at), instances, topology.scaling(at))
        self._nodes = {name: node for name, node in self._nodes.items() if any(True for _ in node.instances)}
        for one in found:
            self._instances[one.id].modification = one.modification if one.modification in _OWN else None


def _as_changed(data: InstanceData | None, planned: PlannedInstance) -> InstanceData:
    """An instance as it was, with the relationships of the change; one that a dry run only shows is as planned."""
    relationships = [to_json(each) | {"position": each.position} for each in planned.relationships]
    if data is not None:
        return replace(data, relationships=relationships)
    return InstanceData(
        id=planned.id,
        node=planned.node,
        index=planned.index,
        state=str(N.UNINITIALIZED),
        version=0,
        revision=0,
        runtime_properties={},
        relationships=relationships,
        host_id=planned.host_id,
        scaling_groups=[to_json(group) for group in planned.scaling_groups],
        system_properties={},
    )


class Modification:
    """A modification that has started.

    id        what it is called
    added     new instances, with those that are related to them
    removed   those that `finish()` removes, with those that are related to them
    extended  those that stay and have gained relationships, with these only, and whom these lead to; not of the older
             system, where nobody establishes them
    """

    def __init__(
        self,
        ctx: WorkflowContext,
        topology: Topology,
        doors: Doors,
        uid: str,
        plan: PlannedModification,
        at: int | None,
    ) -> None:
        self.id = uid
        self.workflow_ctx = ctx
        self.added = ModificationNodes(ctx, topology, plan.added, at)
        self.removed = ModificationNodes(ctx, topology, plan.removed, at)
        self.extended = ModificationNodes(ctx, topology, plan.extended, at)
        self._doors = doors

    def finish(self) -> None:
        """The change stays: what it removes is gone. Waits until no operation of the deployment runs.

        raises  DeploymentModificationAlreadyEndedError
        """
        self._end(Kind.FINISH_MODIFICATION)

    def rollback(self) -> None:
        """All that the deployment shows is as before the start, whatever operations wrote. Waits as `finish`.

        raises  DeploymentModificationAlreadyEndedError
        """
        self._end(Kind.ROLLBACK_MODIFICATION)

    def _end(self, kind: Kind) -> None:
        if self.workflow_ctx.dry_run:
            self._doors.ask(effect_spec(Kind.DRY_RUN, kind.name.lower(), self.id))
        else:
            self._doors.write(effect_spec(kind, self.id, id=self.id))

    def __repr__(self) -> str:
        return f"<Modification {self.id}>"


def wanted_of(nodes: Mapping[str, Any]) -> dict[str, Any]:
    """What is asked for, as JSON: hints may be sets, which have no order of their own.

    What is no mapping is left to planning, which says so.
    """
    if not isinstance(nodes, dict):
        return nodes  # type: ignore[return-value]
    return {
        name: {key: sorted(value) if isinstance(value, (set, frozenset)) else value for key, value in given.items()}
        if isinstance(given, dict)
        else given
        for name, given in nodes.items()
    }
