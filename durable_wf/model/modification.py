"""A planned modification of a deployment, as plain frozen data; stored as JSON by `to_json` of `plan.py`.

Source: reference/blueprint-dsl.md §16; reference/workflow-api.md §2.7, §2.8.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from durable_wf.model.groups import GroupInstance
from durable_wf.model.plan import PlannedInstance

ADDED, REMOVED, EXTENDED, REDUCED = "added", "removed", "extended", "reduced"


@dataclass(frozen=True, slots=True)
class ChangedInstance:
    """An instance as one of the lists of a modification shows it.

    instance      with those of its relationships only that are part of the change
    modification  added, removed, extended or reduced; None: it only has to do with one that is
    """

    instance: PlannedInstance
    modification: str | None = None

    @property
    def id(self) -> str:
        """The instance's id."""
        return self.instance.id


@dataclass(frozen=True, slots=True)
class PlannedModification:
    """What a modification will do to a deployment. Each list is grouped by node in its order, then by index.

    added     new instances with all their relationships; and who stays and is related to them in either direction
              (by containment too), with its relationships to new ones
    removed   those that go, with all relationships that they have had; and who stays and is related to them, with
              its relationships to those that go
    extended  who stays and is related to more than before, with those relationships; and whom these lead to, with
              none, but for new ones
    reduced   who stays and is related to less than before, with the relationships that it loses
    counts    node or scaling group -> instances that it then has in each place; only those that were wanted
    groups_added, groups_removed    instances of scaling groups; those that no node instance is in are not known
    unknown   names that were wanted and are neither a node nor a scaling group; nothing is done about them
    """

    added: tuple[ChangedInstance, ...] = ()
    removed: tuple[ChangedInstance, ...] = ()
    extended: tuple[ChangedInstance, ...] = ()
    reduced: tuple[ChangedInstance, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    groups_added: tuple[GroupInstance, ...] = ()
    groups_removed: tuple[GroupInstance, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def new_instances(self) -> tuple[PlannedInstance, ...]:
        """Those that are inserted at start."""
        return tuple([one.instance for one in self.added if one.modification == ADDED])

    @property
    def removed_ids(self) -> frozenset[str]:
        """Ids of those that are deleted at finish."""
        return frozenset([one.id for one in self.removed if one.modification == REMOVED])
