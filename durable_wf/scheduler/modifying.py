"""Modifications of a deployment: start, finish and rollback, each the rows of one transaction (L8).

The snapshot is a seq: a rollback gives what the deployment showed before the transition of the start. Whoever writes,
an execution in its turn or a person's command, gives a `Writer`. What a step changes has the seq of the transition
that says it is done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from durable_wf.codec import decode, encode
from durable_wf.dsl import modification as planning
from durable_wf.model import deployed
from durable_wf.model.modification import PlannedModification
from durable_wf.model.plan import from_json, to_json
from durable_wf.model.rows import Subject
from durable_wf.model.states import ME, MODIFICATION, MODIFICATION_STEP, MSE
from durable_wf.scheduler import standing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from durable_wf.journal.port import Turn
    from durable_wf.model.groups import ScalingGroup
    from durable_wf.model.plan import PlannedInstance
    from durable_wf.model.rows import Changes, Instance

APPLY, FINISH, ROLLBACK = "apply", "finish", "rollback"
_EVENTS, _STEP_EVENTS = tuple(ME), tuple(MSE)
_STARTED = MODIFICATION.code(MODIFICATION.initial)
_PENDING = MODIFICATION_STEP.code(MODIFICATION_STEP.initial)


class Writer(Protocol):
    """Who writes.

    seq      the next free sequence number
    changes  what is written
    """

    seq: int
    changes: Changes

    @property
    def execution_id(self) -> int:
        """The execution; 0 for a person."""
        ...

    @property
    def at_us(self) -> int:
        """When."""
        ...

    def moved(
        self, subject: Subject, no: int, source: int | None, target: int, event: int, detail: str | None = None
    ) -> int:
        """Write a transition; its seq."""
        ...


class Planner(NamedTuple):
    """What planning needs besides the rows.

    groups      the scaling groups, evaluated
    new_suffix  six characters of a-z0-9, new ones at each call
    """

    groups: Mapping[str, ScalingGroup]
    new_suffix: Callable[[], str]


class Modifying:
    """The modifications of one deployment, in one turn.

    shown  what it shows now, what the turn has changed and not yet applied included
    """

    def __init__(self, turn: Turn, deployment: int, shown: deployed.Shown) -> None:
        self._turn = turn
        self._deployment = deployment
        self._shown = shown

    def started(self) -> list[deployed.Modification]:
        """Those that have started and not ended; at most one."""
        return [row for row in self._turn.modifications(self._deployment) if row.state == _STARTED]

    def find(self, uid: str) -> deployed.Modification | None:
        """The modification of that name."""
        return next((row for row in self._turn.modifications(self._deployment) if row.uid == uid), None)

    def plan(
        self, planner: Planner, wanted: Mapping[str, Any], *, limited: bool
    ) -> tuple[planning.Topology, PlannedModification]:
        """The deployment as it stands, and what a modification of it would do.

        limited  whether min_instances and max_instances hold
        raises   InputError: `dsl.modification.plan_modification` says which
        """
        topology = standing.topology(self._shown, planner.groups)
        return topology, planning.plan_modification(topology, wanted, planner.new_suffix, limited=limited)

    # ------------------------------------------------------------------ start

    def start(
        self, writer: Writer, planner: Planner, task: int, wanted: Mapping[str, Any], *, limited: bool
    ) -> deployed.Modification:
        """Start a modification, which must be the only one, and apply it.

        task     number of the task by which the execution does
        raises   as `plan`; then nothing was written
        """
        topology, plan = self.plan(planner, wanted, limited=limited)
        row = deployed.Modification(
            self._turn.next_id("modification"), self._deployment, self._new_uid(planner), writer.execution_id, task,
            encode(wanted), encode(to_json(plan)), writer.at_us, writer.seq, _STARTED, None, None, 0,
        )  # fmt: skip
        writer.changes.modifications.append(row)
        apply, _ = (self._new_step(writer, row.id, kind) for kind in (APPLY, FINISH))
        writer.moved(Subject.MODIFICATION, row.id, None, _STARTED, _EVENTS.index(ME.STARTED), encode({"id": row.uid}))
        self._apply(writer, plan, topology, _done(writer, apply, row.uid))
        return row

    def _new_uid(self, planner: Planner) -> str:
        taken = {row.uid for row in self._turn.modifications(self._deployment)}
        return next(uid for uid in self._uids(planner) if uid not in taken)

    def _uids(self, planner: Planner) -> Iterator[str]:
        while True:
            yield f"{self._shown.deployment.name}_{planner.new_suffix()}"

    def _new_step(self, writer: Writer, modification: int, kind: str) -> deployed.ModificationStep:
        number = self._turn.next_id("modification_step")
        step = deployed.ModificationStep(number, self._deployment, modification, kind, writer.seq, _PENDING, None, None)
        writer.changes.modification_steps.append(step)
        return step

    def _apply(self, writer: Writer, plan: PlannedModification, topology: planning.Topology, seq: int) -> None:
        """New instances are there, who is related to them has its new relationships, and the planned numbers."""
        by_name = standing.by_name(self._shown)
        for one in planning.started(topology.instances, plan):
            old = by_name.get(one.id)
            if old is None:
                number = self._turn.next_id("node_instance")
                writer.changes.instances.append(standing.new_row(number, self._deployment, one, seq))
            else:
                _relate(writer, old, one, seq)
        for name, count in plan.counts.items():
            scaling = deployed.Scaling(self._deployment, name, topology.count(name), count, seq, 0)
            writer.changes.scaling.append(scaling)

    # ------------------------------------------------------------------ ends

    def finish(self, writer: Writer, row: deployed.Modification) -> None:
        """The change stays: what it removes is gone, and the planned numbers are the present ones."""
        step = next(one for one in self._turn.steps(self._deployment, row.id) if one.kind == FINISH)
        seq = _done(writer, step, row.uid)
        plan = from_json(PlannedModification, decode(row.plan_json))
        by_name = standing.by_name(self._shown)
        stays = {one.id: one for one in planning.finished([standing.planned(each) for each in by_name.values()], plan)}
        for name, old in by_name.items():
            if name in stays:
                _relate(writer, old, stays[name], seq)
            else:
                writer.changes.instances.append(old._replace(gone=1, revision=old.revision + 1, seq=seq))
        for name, count in plan.counts.items():
            writer.changes.scaling.append(deployed.Scaling(self._deployment, name, count, count, seq, 0))
        _ended(writer, row, ME.FINISHED)

    def rollback(self, writer: Writer, row: deployed.Modification) -> None:
        """All that the deployment shows is as it was before the start (L8)."""
        seq = _done(writer, self._new_step(writer, row.id, ROLLBACK), row.uid)
        standing.restore(writer.changes, self._shown, self._turn.shown(self._deployment, at=row.seq - 1), seq)
        _ended(writer, row, ME.ROLLED_BACK)


def _relate(writer: Writer, old: Instance, new: PlannedInstance, seq: int) -> None:
    """Give an instance the relationships that it has now; who looks at it sees another version."""
    relationships = standing.relationships_json(new)
    if relationships != old.relationships_json:
        writer.changes.instances.append(
            old._replace(relationships_json=relationships, version=old.version + 1, revision=old.revision + 1, seq=seq)
        )


def _done(writer: Writer, step: deployed.ModificationStep, uid: str) -> int:
    """Say that a step is done; the seq of that."""
    target = MODIFICATION_STEP.code(MODIFICATION_STEP.next(MODIFICATION_STEP.initial, MSE.DONE))
    detail = encode({"modification": uid, "step": step.kind})
    event = _STEP_EVENTS.index(MSE.DONE)
    seq = writer.moved(Subject.MODIFICATION_STEP, step.id, step.state, target, event, detail)
    writer.changes.modification_step_moves.append(deployed.ModificationStepMove(target, writer.at_us, seq, step.id))
    return seq


def _ended(writer: Writer, row: deployed.Modification, event: ME) -> None:
    target = MODIFICATION.code(MODIFICATION.next(MODIFICATION.states[row.state], event))
    detail = encode({"id": row.uid})
    seq = writer.moved(Subject.MODIFICATION, row.id, row.state, target, _EVENTS.index(event), detail)
    writer.changes.modification_moves.append(
        deployed.ModificationMove(target, writer.at_us, seq, writer.execution_id, row.id)
    )
