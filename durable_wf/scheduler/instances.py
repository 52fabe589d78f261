"""The node instances of a deployment during one turn, and as operations are given them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.codec import decode
from durable_wf.errors import EngineBug
from durable_wf.model.protocol import InstanceData
from durable_wf.scheduler.modification_tasks import modify
from durable_wf.scheduler.modifying import Modifying

if TYPE_CHECKING:
    from durable_wf.graph.pen import Pen
    from durable_wf.journal.port import Turn
    from durable_wf.model.deployed import Shown
    from durable_wf.model.rows import Instance
    from durable_wf.scheduler.modifying import Planner

_ROLES = {1: ("self",), 2: ("source", "target")}


class TurnStorage:
    """What the journal has, under what this turn has changed already."""

    def __init__(self, turn: Turn, deployment: int | None, planner: Planner | None = None) -> None:
        self._turn = turn
        self._deployment = deployment
        self._planner = planner
        self._changed: dict[str, Instance] = {}

    def instance(self, name: str) -> Instance | None:
        """The instance as it is now, this turn's changes included; None if there is none."""
        if name in self._changed:
            row = self._changed[name]
            return None if row.gone else row
        return None if self._deployment is None else self._turn.instance(self._deployment, name)

    def put(self, row: Instance) -> None:
        """Replace it for the rest of the turn."""
        self._changed[row.name] = row

    def modify(self, pen: Pen, kind: int, task: int, kwargs: dict[str, Any]) -> tuple[bool, Any]:
        """What a task that modifies the deployment does (see `modification_tasks`)."""
        if self._deployment is None or self._planner is None:
            text = f"task {task} modifies a deployment, and there is none"
            raise EngineBug(text)
        before = len(pen.changes.instances)
        modifying = Modifying(self._turn, self._deployment, self._shown(self._deployment))
        done = modify(modifying, pen, self._planner, kind, task, kwargs)
        for row in pen.changes.instances[before:]:
            self.put(row)
        return done

    def _shown(self, deployment: int) -> Shown:
        shown = self._turn.shown(deployment)
        changed = {row.id: row for row in self._changed.values()}
        return shown._replace(instances=[changed.get(row.id, row) for row in shown.instances])


def instance_data(storage: TurnStorage, target: str) -> dict[str, InstanceData]:
    """What an operation with this target is given, by role: `self`, or `source` and `target`."""
    if not target:
        return {}
    names = target.split("->")
    found = ((role, storage.instance(name)) for role, name in zip(_ROLES[len(names)], names, strict=True))
    return {role: to_data(row) for role, row in found if row is not None}


def to_data(row: Instance) -> InstanceData:
    """A row as plain data. Each call makes data of its own, which its taker may change."""
    return InstanceData(
        id=row.name,
        node=row.node,
        index=row.idx,
        state=row.state,
        version=row.version,
        revision=row.revision,
        runtime_properties=decode(row.runtime_properties_json),
        relationships=decode(row.relationships_json),
        host_id=row.host,
        scaling_groups=decode(row.scaling_groups_json),
        system_properties=decode(row.system_properties_json),
    )
