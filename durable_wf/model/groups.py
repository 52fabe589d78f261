"""Counts, groups and policies of a compiled blueprint, as plain frozen data; `plan.py` holds them.

Source: reference/blueprint-dsl.md §12, §13, §15.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Json: TypeAlias = Any  # data as JSON knows it


@dataclass(frozen=True, slots=True)
class Scalable:
    """How many instances a node has in each instance of its container, or a scaling group where it is.

    In a `Blueprint` each may still be a function (of inputs); in a `DeploymentPlan` all are int.
    max_instances    -1: no limit
    """

    default_instances: Json = 1
    min_instances: Json = 0
    max_instances: Json = -1


@dataclass(frozen=True, slots=True)
class GroupTrigger:
    """What a group's policy would start. Nothing acts on it here."""

    type: str
    parameters: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GroupPolicy:
    """A monitoring policy of a group. Nothing acts on it here."""

    type: str
    properties: Mapping[str, Json] = field(default_factory=dict)
    triggers: Mapping[str, GroupTrigger] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Group:
    """A group as written.

    members   names of nodes and groups, each once
    """

    members: tuple[str, ...]
    policies: Mapping[str, GroupPolicy] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Policy:
    """A top-level policy: it says how many instances its targets, which are groups, have."""

    type: str
    targets: tuple[str, ...]
    scalable: Scalable = field(default_factory=Scalable)


@dataclass(frozen=True, slots=True)
class PolicyType:
    """A type of monitoring policies, or of their triggers, as written. Nothing acts on it here.

    schema   name -> type, default, description, required, as far as they were given
    """

    source: str
    schema: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScalingGroup:
    """A group that a scaling policy multiplies, as it is planned.

    members     names of nodes and scaling groups; members of groups without a policy stand here themselves, and
                who is in the group by being contained in a member does not
    policy      name of the policy
    container   the node in each instance of which the group has its instances; None: in none
    """

    members: tuple[str, ...]
    policy: str
    container: str | None = None
    scalable: Scalable = field(default_factory=Scalable)


@dataclass(frozen=True, slots=True)
class GroupInstance:
    """An instance of a scaling group.

    id     `<group>_<suffix>`
    """

    name: str
    id: str
