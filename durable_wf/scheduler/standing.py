"""A deployment's rows, as planning wants them, and rows of what was planned; and giving back what it once showed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.codec import decode, encode
from durable_wf.dsl.modification import Topology
from durable_wf.model.groups import GroupInstance
from durable_wf.model.plan import InstanceRelationship, Node, PlannedInstance, from_json, to_json
from durable_wf.model.rows import Instance
from durable_wf.model.states import N

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from durable_wf.model.deployed import Shown
    from durable_wf.model.groups import ScalingGroup
    from durable_wf.model.rows import Changes


def topology(shown: Shown, groups: Mapping[str, ScalingGroup]) -> Topology:
    """The deployment as it stands."""
    return Topology(
        nodes={row.name: from_json(Node, decode(row.body_json)) for row in shown.nodes if not row.gone},
        groups=groups,
        instances=[planned(row) for row in by_name(shown).values()],
        counts={row.name: row.current for row in shown.scaling if not row.gone},
        used=_used(shown.instances),
    )


def _used(instances: Iterable[Instance]) -> set[str]:
    """Ids of node instances and of instances of groups, of those that are gone too."""
    found: set[str] = set()
    for row in instances:
        found.add(row.name)
        found.update(group["id"] for group in decode(row.scaling_groups_json))
    return found


def by_name(shown: Shown) -> dict[str, Instance]:
    """The instances that are there, by node and index."""
    there = (row for row in shown.instances if not row.gone)
    return {row.name: row for row in sorted(there, key=lambda row: (row.node, row.idx))}


def planned(row: Instance) -> PlannedInstance:
    """An instance without what became of it."""
    return PlannedInstance(
        row.name,
        row.node,
        row.idx,
        tuple([from_json(InstanceRelationship, each) for each in decode(row.relationships_json)]),
        row.host,
        tuple([GroupInstance(each["name"], each["id"]) for each in decode(row.scaling_groups_json)]),
    )


def new_row(number: int, deployment: int, one: PlannedInstance, seq: int) -> Instance:
    """The row of a new instance."""
    return Instance(
        number, deployment, one.node, one.id, one.index, str(N.UNINITIALIZED), "{}", "{}", relationships_json(one),
        one.host_id, encode([to_json(group) for group in one.scaling_groups]), 0, 0, seq, 0,
    )  # fmt: skip


def relationships_json(one: PlannedInstance) -> str:
    """Its relationships as a row has them."""
    return encode([to_json(each) | {"position": each.position} for each in one.relationships])


def restore(changes: Changes, now: Shown, then: Shown, seq: int) -> None:
    """Have everything shown as it was `then`. Revisions go on, so that a stale writer cannot pass (L8)."""
    if now.deployment._replace(seq=0) != then.deployment._replace(seq=0):
        changes.deployments.append(then.deployment._replace(seq=seq))
    changes.nodes += _restored(now.nodes, then.nodes, ("deployment", "name"), seq)
    changes.scaling += _restored(now.scaling, then.scaling, ("deployment", "name"), seq)
    revisions = {row.id: row.revision for row in now.instances}
    changes.instances += [
        row._replace(revision=revisions[row.id] + 1)
        for row in _restored(now.instances, then.instances, ("id",), seq, ("revision",))
    ]


def _restored(
    now: Sequence[Any], then: Sequence[Any], key: tuple[str, ...], seq: int, unseen: tuple[str, ...] = ()
) -> list[Any]:
    """The rows that make of `now`, which has those of what is gone too, what was `then`.

    key     names of the columns that tell rows apart
    unseen  names of columns that nobody is shown
    """

    def key_of(row: Any) -> tuple[Any, ...]:
        return tuple(getattr(row, name) for name in key)

    def shown(row: Any) -> Any:
        return row._replace(seq=0, **dict.fromkeys(unseen))

    before = {key_of(row): row for row in then}
    found = []
    for row in now:
        old = before.get(key_of(row))
        if old is None and not row.gone:
            found.append(row._replace(gone=1, seq=seq))
        elif old is not None and shown(old) != shown(row):
            found.append(old._replace(seq=seq))
    return found
