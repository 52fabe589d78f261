"""What a deployment consists of at a moment: nodes, instances, groups, and the executions that have not ended."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, Any

from durable_wf.clock import iso
from durable_wf.codec import decode
from durable_wf.dsl.containment import container_of
from durable_wf.inspection.deployment_records import Group, Node, NodeInstance, NodeRelationship, Topology
from durable_wf.inspection.executions import execution_record
from durable_wf.inspection.expectation import unexpected
from durable_wf.inspection.records import Relationship
from durable_wf.model import plan as plans
from durable_wf.model.rows import Subject
from durable_wf.model.states import EXECUTION, X

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from durable_wf.inspection.points import Moment
    from durable_wf.inspection.records import Execution
    from durable_wf.inspection.view import View
    from durable_wf.model import rows

_STATES = tuple(X)
_NOT_ENDED = frozenset(EXECUTION.code(state) for state in X if state not in EXECUTION.ended)
_WORKS = frozenset({X.PENDING, X.STARTED, X.CANCELLING, X.FORCE_CANCELLING, X.KILL_CANCELLING})


class Deployed:
    """A deployment at a moment; each part is read when it is asked for. Ask inside one snapshot."""

    def __init__(self, view: View, moment: Moment) -> None:
        self._view = view
        self.moment = moment
        self.row = moment.row

    @cached_property
    def blueprint_row(self) -> rows.Blueprint:
        """What it was made of."""
        return next(one for one in self._view.store.blueprints() if one.id == self.row.blueprint)

    @cached_property
    def blueprint(self) -> plans.Blueprint:
        """What it was made of, compiled."""
        return plans.from_json(plans.Blueprint, decode(self.blueprint_row.plan_json))

    @cached_property
    def planned(self) -> Mapping[str, plans.Node]:
        """Its nodes by name, in the order of the blueprint."""
        rows_ = self._view.store.nodes(self.row.id, at=self.moment.at)
        found = {row.name: plans.from_json(plans.Node, decode(row.body_json)) for row in rows_}
        order = [name for name in self.blueprint.nodes if name in found]
        return {name: found[name] for name in dict.fromkeys([*order, *found])}

    @cached_property
    def executions(self) -> list[Execution]:
        """Those that have not ended, the newest first."""
        store, at = self._view.store, self.moment.at
        if at is None:
            found = store.executions(states=_NOT_ENDED, deployment=self.row.id)
            return [execution_record(self._view, row, self.row.name) for row in found]
        return [
            execution_record(self._view, row, self.row.name, at_point=state)
            for row in store.executions(deployment=self.row.id)
            if row.seq <= at and (state := self._state_then(row, at)) not in EXECUTION.ended
        ]

    @cached_property
    def last_execution(self) -> Execution | None:
        """The newest of those that were there."""
        at = self.moment.at
        for row in self._view.store.executions(deployment=self.row.id):
            if at is None or row.seq <= at:
                state = None if at is None else self._state_then(row, at)
                return execution_record(self._view, row, self.row.name, at_point=state)
        return None

    def _state_then(self, row: rows.Execution, at: int) -> X:
        """The state that the journal had for an execution; whether its runner lived then, nobody knows."""
        if row.ended_seq is not None and row.ended_seq <= at:
            return _STATES[row.state]
        found = self._view.store.latest(row.id, seq=at, subject=int(Subject.EXECUTION))
        return X.PENDING if found is None else _STATES[found.target]

    @cached_property
    def nodes(self) -> list[Node]:
        """Its nodes, with their instances counted."""
        counted: dict[str, Counter[str]] = {}
        for one in self.instances:
            counted.setdefault(one.node_id, Counter())[one.state] += 1
        owners = self._owners()
        return [
            Node(
                node.name, node.type, node.host_id, dict(sorted(counted.get(node.name, {}).items())),
                container_of(node), owners.get(node.name),
                [NodeRelationship(one.type, one.target) for one in node.relationships],
            )
            for node in self.planned.values()
        ]  # fmt: skip

    @cached_property
    def instances(self) -> list[NodeInstance]:
        """Its instances, by node and index."""
        found = sorted(
            self._view.store.instances(self.row.id, at=self.moment.at), key=lambda one: (one.node, one.idx, one.id)
        )
        systems = {one.name: decode(one.system_properties_json) for one in found}
        busy = any(one.state in _WORKS for one in self.executions)
        odd = unexpected(found, systems, busy=busy)
        containers = {name: container_of(node) for name, node in self.planned.items()}
        return [_instance(one, containers.get(one.node), systems[one.name], odd.get(one.name)) for one in found]

    @cached_property
    def groups(self) -> list[Group]:
        """The groups of its blueprint."""
        ids: dict[str, dict[str, None]] = {}
        for one in self.instances:
            for each in one.scaling_groups:
                ids.setdefault(each["name"], {})[each["id"]] = None
        return list(self._groups({name: list(each) for name, each in ids.items()}))

    def _groups(self, ids: Mapping[str, list[str]]) -> Iterator[Group]:
        owners, scaling = self._owners(), self.blueprint.scaling_groups
        for name, group in self.blueprint.groups.items():
            found = scaling.get(name)
            if found is None:
                yield Group(name, list(group.members), None, None, None, [])
            else:
                members = list(found.members)
                yield Group(name, members, found.policy, owners.get(name), found.container, ids.get(name, []))

    def _owners(self) -> dict[str, str]:
        """The scaling group that a node or group is a member of."""
        return {member: name for name, group in self.blueprint.scaling_groups.items() for member in group.members}

    @property
    def deleted_at(self) -> str | None:
        """When it was deleted, where it has been since."""
        return None if self.moment.deleted_us is None else iso(self.moment.deleted_us)

    def topology(self) -> Topology:
        """All that is deployed."""
        return Topology(self.row.name, self.moment.at, self.deleted_at, self.nodes, self.instances, self.groups)


def _instance(row: rows.Instance, container: str | None, system: dict[str, Any], odd: str | None) -> NodeInstance:
    links = decode(row.relationships_json)
    return NodeInstance(
        row.name,
        row.node,
        row.idx,
        row.state,
        row.host,
        decode(row.runtime_properties_json),
        [Relationship(one["type"], one["target_name"], one["target_id"]) for one in links],
        decode(row.scaling_groups_json),
        row.version,
        next((one["target_id"] for one in links if container is not None and one["target_name"] == container), None),
        system,
        odd,
    )
