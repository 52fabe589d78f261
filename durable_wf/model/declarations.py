"""What a blueprint declares about values: inputs, parameters, data types, constraints, and when a workflow may run.

Plain frozen data, parts of a `plan.Blueprint` and stored with it; every field has a default, so that older plans load.
Source: reference/blueprint-dsl.md §4, §5, §10.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Json: TypeAlias = Any  # data as JSON knows it: null, bool, int, float, str, list, dict with str keys


@dataclass(frozen=True, slots=True)
class Constraint:
    """A condition on a value.

    operator       such as in_range
    argument       of the operator; in a `Blueprint` it may still be a function, in a `DeploymentPlan` it is none
    error_message  the author's words for a value that is refused; '' for ours
    """

    operator: str
    argument: Json = None
    error_message: str = ""


@dataclass(frozen=True, slots=True)
class Parameter:
    """An input of a blueprint, a parameter of a workflow or a property of a data type.

    type          a primitive type's name, or a data type's; None: anything fits
    default       means nothing unless `has_default`
    item_type     primitive type of a list's items
    constraints   all must hold; for each item, if there is an `item_type`
    display_rows  how many rows of a textarea are shown
    secret        values are stored outside of the journal, and masked where they are said
    """

    type: str | None = None
    description: str = ""
    default: Json = None
    has_default: bool = False
    required: bool = True
    display_label: str | None = None
    hidden: bool = False
    item_type: str | None = None
    constraints: tuple[Constraint, ...] = ()
    display_rows: int | None = None
    secret: bool = False


@dataclass(frozen=True, slots=True)
class DataType:
    """A type of the author's own, with what it is derived from merged in.

    hierarchy    root first, own name last
    properties   what a value has; defaults are complete as far as types can say it
    version      free text
    """

    hierarchy: tuple[str, ...] = ()
    properties: Mapping[str, Parameter] = field(default_factory=dict)
    description: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Availability:
    """When a workflow may be started; the default is always.

    node_instances_active   `all`, `partial` or `none` of the deployment's instances are started: any that holds is
                            enough; () asks nothing
    node_types_required     one of them, or a type derived from it, must be a node's; () asks nothing
    """

    available: bool = True
    node_instances_active: tuple[str, ...] = ()
    node_types_required: tuple[str, ...] = ()
