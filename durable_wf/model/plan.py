"""The compiled blueprint, as plain frozen data.

`Blueprint` is what a file says, whatever the inputs; `DeploymentPlan` is the same with inputs applied
and instances planned. Both survive `to_json` and `from_json` unchanged, because they are stored in the
journal and a resumed execution never plans again. Nobody changes the mappings inside a record: they
are shared between records.

Source: reference/blueprint-dsl.md §0, §8, §10, §12, §15; reference/workflow-api.md §2.3, §2.4.
"""

from __future__ import annotations

import typing
from collections import Counter
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from functools import cache
from typing import Any, TypeAlias

from durable_wf.model.declarations import Availability, DataType, Json, Parameter
from durable_wf.model.groups import Group, GroupInstance, Policy, PolicyType, Scalable, ScalingGroup

Interfaces: TypeAlias = "Mapping[str, Mapping[str, Operation]]"


@dataclass(frozen=True, slots=True)
class Operation:
    """What one operation of an interface runs; without a plugin it is a no-op.

    plugin    name of a plugin of the plan; '' for a no-op
    function  dotted path of the function, the plugin's name taken off; '' for a no-op
    inputs    keyword arguments; what is still a function is evaluated at each attempt
    inputs_types    declared type of those inputs that have one
    max_retries, retry_interval, timeout    None: the engine's default. -1 retries: no limit. Seconds.
    on_unknown      rerun, ask or fail; None: the plugin's, else the deployment's
    secrets         names of inputs that are declared secret
    """

    plugin: str = ""
    function: str = ""
    executor: str | None = None
    inputs: Mapping[str, Json] = field(default_factory=dict)
    inputs_types: Mapping[str, str] = field(default_factory=dict)
    has_intrinsic_functions: bool = False
    max_retries: int | None = None
    retry_interval: float | None = None
    timeout: float | None = None
    timeout_recoverable: bool | None = None
    on_unknown: str | None = None
    secrets: tuple[str, ...] = ()

    @property
    def is_noop(self) -> bool:
        """Whether there is nothing to run."""
        return not self.function


NOOP = Operation()


def named_operations(interfaces: Interfaces) -> dict[str, Operation]:
    """Every operation under `interface.operation`, and under its bare name where no other interface has that name.

    Source: reference/blueprint-dsl.md §8, last paragraph.
    """
    found = {f"{name}.{op}": operation for name, ops in interfaces.items() for op, operation in ops.items()}
    times = Counter(op for ops in interfaces.values() for op in ops)
    for ops in interfaces.values():
        found.update((op, operation) for op, operation in ops.items() if times[op] == 1)
    return found


_Lazy: TypeAlias = dict[str, Operation]  # named operations; filled when first asked for


def _lazy() -> _Lazy:
    return {}


def _filled(cache: _Lazy, interfaces: Interfaces) -> _Lazy:
    cache.update(named_operations(interfaces))
    return cache


@dataclass(frozen=True, slots=True)
class Plugin:
    """Where functions come from, as declared under `plugins`.

    properties  name -> its schema as declared, with the key `value` where it has one
    """

    name: str
    executor: str
    source: str | None = None
    install: bool = True
    install_arguments: str | None = None
    package_name: str | None = None
    package_version: str | None = None
    supported_platform: str | None = None
    distribution: str | None = None
    distribution_version: str | None = None
    distribution_release: str | None = None
    on_unknown: str | None = None
    properties: Mapping[str, Json] = field(default_factory=dict)
    properties_description: str | None = None


@dataclass(frozen=True, slots=True)
class Workflow:
    """A workflow that executions of the deployment can run.

    function      dotted path of the function, the plugin's name taken off
    availability  when it may be started
    """

    name: str
    plugin: str
    function: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    is_cascading: bool = False
    availability: Availability = field(default_factory=Availability)


@dataclass(frozen=True, slots=True)
class Relationship:
    """A relationship of a node template. Two of one node may have the same target; both are kept.

    type_hierarchy     root first, own type last
    target             the target node's name
    secrets            as `Node.secrets`
    """

    type: str
    type_hierarchy: tuple[str, ...]
    target: str
    properties: Mapping[str, Json] = field(default_factory=dict)
    source_interfaces: Interfaces = field(default_factory=dict)
    target_interfaces: Interfaces = field(default_factory=dict)
    secrets: tuple[tuple[str, ...], ...] = ()
    _source: _Lazy = field(default_factory=_lazy, init=False, repr=False, compare=False)
    _target: _Lazy = field(default_factory=_lazy, init=False, repr=False, compare=False)

    @property
    def source_operations(self) -> Mapping[str, Operation]:
        """As `Node.operations`."""
        return self._source or _filled(self._source, self.source_interfaces)

    @property
    def target_operations(self) -> Mapping[str, Operation]:
        """As `Node.operations`."""
        return self._target or _filled(self._target, self.target_interfaces)

    def is_derived_from(self, type_name: str) -> bool:
        """Whether `type_name` is this relationship's type or above it."""
        return type_name in self.type_hierarchy


@dataclass(frozen=True, slots=True)
class Node:
    """A node template, with all that its type says merged in.

    type_hierarchy   root first, own type last
    interfaces       interface -> operation -> what it runs, no-ops included
    relationships    in the order of declaration
    plugins          names of the plugins that its own operations, and target operations of
                     relationships pointing at it, use; sorted
    host_id          name of the host node that it is or is (transitively) contained in, else None
    secrets          ways to the values in its properties that are declared secret: a property, and names inside of it
    """

    name: str
    type: str
    type_hierarchy: tuple[str, ...]
    properties: Mapping[str, Json] = field(default_factory=dict)
    interfaces: Interfaces = field(default_factory=dict)
    relationships: tuple[Relationship, ...] = ()
    plugins: tuple[str, ...] = ()
    host_id: str | None = None
    scalable: Scalable = field(default_factory=Scalable)
    secrets: tuple[tuple[str, ...], ...] = ()
    _operations: _Lazy = field(default_factory=_lazy, init=False, repr=False, compare=False)

    @property
    def operations(self) -> Mapping[str, Operation]:
        """Every operation under `interface.operation`, and under `operation` where that is unique."""
        return self._operations or _filled(self._operations, self.interfaces)

    @property
    def id(self) -> str:
        """The name; the reference has it under both."""
        return self.name

    @property
    def number_of_instances(self) -> Json:
        """Instances in each instance of the container, as planned at first."""
        return self.scalable.default_instances

    def has_operation(self, name: str) -> bool:
        """Whether an operation of that name, full or bare, has something to run."""
        return not self.operations.get(name, NOOP).is_noop


@dataclass(frozen=True, slots=True)
class Output:
    """A value for the deployment's reader; evaluated on every read."""

    value: Json
    description: str = ""


@dataclass(frozen=True, slots=True)
class Blueprint:
    """A compiled blueprint.

    version             such as cloudify_dsl_1_5
    node_types, relationship_types    name -> hierarchy, root first, own name last
    nodes               in the order of declaration
    capabilities        values that other deployments may read; evaluated on every read
    sources             SHA-256 of every file that was read, by its name relative to the main file's folder
    main                name of the main file in `sources`
    scaling_groups      those of `groups` that a policy multiplies, as they are planned
    policy_types, policy_triggers    kept for whoever reads the plan; nothing acts on them
    warnings            lines about what was accepted and ignored
    notes               lines about what is kept here, and means something to a server only
    runtime_properties  node type -> what it says that operations will set; for people
    labels              values by name; may be functions, which are evaluated when a deployment is created
    blueprint_labels    values by name, text
    resource_tags       as written
    deployment_settings as written, but for schedules' times with a date, which are in UTC; functions in it are
                        evaluated when a deployment is created
    imported_blueprints, namespaces_mapping    what a server has merged into the files: ids, and namespace -> id
    """

    version: str
    main: str
    description: str | None = None
    metadata: Mapping[str, Json] = field(default_factory=dict)
    inputs: Mapping[str, Parameter] = field(default_factory=dict)
    node_types: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    relationship_types: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    plugins: Mapping[str, Plugin] = field(default_factory=dict)
    nodes: Mapping[str, Node] = field(default_factory=dict)
    workflows: Mapping[str, Workflow] = field(default_factory=dict)
    outputs: Mapping[str, Output] = field(default_factory=dict)
    capabilities: Mapping[str, Output] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    data_types: Mapping[str, DataType] = field(default_factory=dict)
    runtime_properties: Mapping[str, Mapping[str, Parameter]] = field(default_factory=dict)
    labels: Mapping[str, Json] = field(default_factory=dict)
    blueprint_labels: Mapping[str, Json] = field(default_factory=dict)
    resource_tags: Mapping[str, Json] = field(default_factory=dict)
    deployment_settings: Mapping[str, Json] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    policies: Mapping[str, Policy] = field(default_factory=dict)
    scaling_groups: Mapping[str, ScalingGroup] = field(default_factory=dict)
    policy_types: Mapping[str, PolicyType] = field(default_factory=dict)
    policy_triggers: Mapping[str, PolicyType] = field(default_factory=dict)
    imported_blueprints: tuple[str, ...] = ()
    namespaces_mapping: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InstanceRelationship:
    """One end-to-end relationship between two node instances.

    position     index of the relationship in the source node's `relationships`
    target_name  the target node's name
    target_id    the target instance's id
    """

    position: int
    type: str
    target_name: str
    target_id: str


@dataclass(frozen=True, slots=True)
class PlannedInstance:
    """A node instance as planned, before anything ran.

    id             `<node>_<suffix>`
    node           the node's name
    index          1-based within the node
    relationships  ordered by declaration, then by the target's index
    host_id        id of the host instance that it is or is (transitively) contained in, else None
    scaling_groups  instances of the scaling groups that it is in, inner to outer; those that it is in only by
                    being contained in a member are its container's
    """

    id: str
    node: str
    index: int
    relationships: tuple[InstanceRelationship, ...] = ()
    host_id: str | None = None
    scaling_groups: tuple[GroupInstance, ...] = ()


@dataclass(frozen=True, slots=True)
class DeploymentPlan:
    """A blueprint with its inputs applied and its instances planned.

    blueprint    the compiled one, with functions of inputs and properties evaluated in nodes and outputs
    inputs       every declared input with its value
    instances    grouped by node in the order of declaration, then by index
    """

    blueprint: Blueprint
    inputs: Mapping[str, Json] = field(default_factory=dict)
    instances: tuple[PlannedInstance, ...] = ()

    @property
    def nodes(self) -> Mapping[str, Node]:
        """The evaluated nodes by name, in the order of declaration."""
        return self.blueprint.nodes

    @property
    def outputs(self) -> Mapping[str, Output]:
        """The outputs by name; what only run time knows is still a function in them."""
        return self.blueprint.outputs


def to_json(record: Any) -> Json:
    """Plain data of a record of this module: dicts, lists and scalars; fields at their default are left out."""
    if record is NOOP:
        return {}
    if isinstance(record, Mapping):
        return {key: to_json(item) for key, item in record.items()}
    if isinstance(record, tuple):
        return [to_json(item) for item in record]
    if not is_dataclass(record):
        return record
    found = {}
    kind: Any = type(record)
    for name, default in _defaults(kind):
        value = getattr(record, name)
        if type(value) is not type(default) or value != default:
            found[name] = to_json(value)
    return found


def from_json(kind: type[_T], data: Json) -> _T:
    """The record of class `kind` whose `to_json` gave `data`.

    raises  ValueError when `data` is not such a record's.
    """
    try:
        return _reader(kind)(data)  # type: ignore[no-any-return, arg-type]
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"this is not a stored {kind.__name__}: {error}") from error


_T = typing.TypeVar("_T")
_Reader: TypeAlias = "typing.Callable[[Json], Any]"


@cache
def _defaults(kind: Any) -> tuple[tuple[str, Any], ...]:
    """Names and defaults of a record's fields; MISSING where there is none."""
    return tuple(
        (item.name, item.default_factory() if item.default_factory is not MISSING else item.default)
        for item in fields(kind)
        if item.init
    )


@cache
def _reader(kind: Any) -> _Reader:
    """How data becomes a `kind`: a dataclass of this module, tuple[X, ...], Mapping[str, X], or anything plain."""
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if is_dataclass(kind):
        return _record_reader(kind)
    if origin is tuple:
        item = _reader(args[0])
        return lambda data: tuple([item(part) for part in data])
    if isinstance(origin, type) and issubclass(origin, Mapping) and args[1] is not Any:
        value = _reader(args[1])
        return lambda data: {key: value(part) for key, part in data.items()}
    return lambda data: data


def _record_reader(kind: Any) -> _Reader:
    hints = typing.get_type_hints(kind)
    readers = {item.name: _reader(hints[item.name]) for item in fields(kind) if item.init}
    empty = NOOP if kind is Operation else None  # most operations are no-ops: one object serves all
    return lambda data: (not data and empty) or kind(**{name: readers[name](part) for name, part in data.items()})
