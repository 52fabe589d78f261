"""What the journal stores of changed deployments: numbers of instances, modifications, and their steps.

As in `model.rows`, whose records these are too: fields are columns, in order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from durable_wf.model.rows import Deployment, Instance, Node


class Scaling(NamedTuple):
    """How many instances a node or a scaling group has in each place. Without a row: as it was planned at first.

    current   as the deployment has them
    planned   as a modification that has started wants them; else the same
    """

    deployment: int
    name: str
    current: int
    planned: int
    seq: int
    gone: int


class Modification(NamedTuple):
    """A deployment modification. Columns from `state` on move.

    uid         what people call it
    execution   whose workflow started it
    task        number of the task by which it did
    wanted_json what was asked for: entity -> `instances` and hints
    plan_json   what was planned (see `scheduler.modifying`)
    seq         of the transition of its start: all before that is what a rollback gives back
    ended_by    the execution that ended it; 0 while nobody has, and for a person
    """

    id: int
    deployment: int
    uid: str
    execution: int
    task: int
    wanted_json: str
    plan_json: str
    created_us: int
    seq: int
    state: int
    ended_us: int | None
    ended_seq: int | None
    ended_by: int


class ModificationMove(NamedTuple):
    """The new values of a modification's moving columns, then its key."""

    state: int
    ended_us: int | None
    ended_seq: int | None
    ended_by: int
    id: int


class ModificationStep(NamedTuple):
    """A step of a modification: all that it changes is written in the transaction in which it is done.

    kind         `apply`, `finish` or `rollback`
    done_seq     of the transition that says so; what it changed has this seq
    """

    id: int
    deployment: int
    modification: int
    kind: str
    seq: int
    state: int
    done_us: int | None
    done_seq: int | None


class ModificationStepMove(NamedTuple):
    """The new values of a step's moving columns, then its key."""

    state: int
    done_us: int | None
    done_seq: int | None
    id: int


class Shown(NamedTuple):
    """All rows that say what a deployment shows. As it is now, those of what is gone are among them."""

    deployment: Deployment
    nodes: list[Node]
    scaling: list[Scaling]
    instances: list[Instance]
