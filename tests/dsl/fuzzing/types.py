"""Draws node types and types of relationships, with their operations."""

from __future__ import annotations

from typing import Any

from durable_wf.dsl.declared_shapes import INPUT
from durable_wf.dsl.grammar import NODE_TYPE, RELATIONSHIP_TYPE, TYPE_INTERFACES
from durable_wf.dsl.shapes import Record
from tests.dsl.fuzzing import functions
from tests.dsl.fuzzing.declarations import Declarations
from tests.dsl.fuzzing.functions import Scope
from tests.dsl.fuzzing.world import Model, Need, Op, Ops, World

BASE = "cloudify.relationships."
ROOTS = ("depends_on", "connected_to", "contained_in")
_HOST = "cloudify.nodes.Compute"
LINK_KEYS = ("source_interfaces", "target_interfaces")
TYPE_OPERATION = TYPE_INTERFACES.value.value  # type: ignore[attr-defined]
TYPE_RECORD: Record = TYPE_OPERATION.shapes[-1]


class Types:
    """Draws them for one blueprint."""

    def __init__(self, world: World, declarations: Declarations, *, has_builtin: bool) -> None:
        self._world = world
        self._declarations = declarations
        self._has_builtin = has_builtin
        for name in ROOTS if has_builtin else ():
            world.link_types[BASE + name] = Model(ops={key: {} for key in LINK_KEYS}, roots=(name,))
        if has_builtin:
            for name in ("cloudify.nodes.Root", "cloudify.nodes.Compute", "cloudify.nodes.Tier"):
                if name == _HOST or not world.is_hosted:
                    world.node_types[name] = Model(ops={"interfaces": {}})

    def node_types(self) -> dict[str, Any]:
        world = self._world
        found: dict[str, Any] = {}
        if world.is_hosted and not self._has_builtin:
            found[_HOST] = {}
            world.node_types[_HOST] = Model(ops={"interfaces": {}})
        for _ in range(world.some(1, 4)):
            name = world.name()
            found[name] = self._type(NODE_TYPE, "node_types", name, world.node_types, ("interfaces",))
            world.document["node_types"] = found
        return found

    def relationships(self) -> dict[str, Any]:
        world, found = self._world, {}
        world.document["relationships"] = found
        if not self._has_builtin:
            for name in ROOTS:
                given = {"derived_from": f"{BASE}depends_on"} if found else {}
                schemas = {"connection_type": {"default": "all_to_all"}}
                found[BASE + name] = given or {"properties": schemas}
                world.link_types[BASE + name] = Model(ops={key: {} for key in LINK_KEYS}, roots=(name,))
        for _ in range(world.some(0, 2, "relationships")):
            name = world.name()
            found[name] = self._type(RELATIONSHIP_TYPE, "relationships", name, world.link_types, LINK_KEYS)
        return found

    def _type(
        self, shape: Record, section: str, name: str, models: dict[str, Model], keys: tuple[str, ...]
    ) -> dict[str, Any]:
        """A type; it is added to `models`."""
        world, production = self._world, f"{section}.*"
        must = section == "relationships" or world.is_hosted or world.wants(f"{production}.derived_from")
        parent = world.rng.choice(list(models)) if models and (must or world.chance(0.6)) else None
        old = models[parent] if parent else Model()
        model = Model(dict(old.props), {key: dict(old.ops.get(key, {})) for key in keys}, old.roots)
        given: dict[str, Any] = {"derived_from": parent} if parent else {}
        self._declarations.scope = Scope()
        if world.chance(0.8) or world.wants(f"{production}.properties"):
            given["properties"] = {}
            for _ in range(world.some(0, 3, f"{production}.properties.*")):
                prop = world.name()
                made = self._declarations.property(f"{production}.properties.*")
                given["properties"][prop], model.props[prop] = made
        sure = tuple(key for key, prop in model.props.items() if prop.is_needed)
        for key in keys:
            if world.chance(0.6) or world.wants(f"{production}.{key}"):
                self._declarations.scope = Scope(own=sure) if key == "interfaces" else Scope(ends=True)
                given[key] = self._interfaces(model.ops[key], f"{production}.{key}")
        self._declarations.scope = Scope()
        models[name] = model
        return world.fill(shape, given, production, owned=("derived_from", "properties", *keys))

    def _interfaces(self, ops: Ops, production: str) -> dict[str, Any]:
        world, found = self._world, {}
        for _ in range(world.some(0, 2, f"{production}.*")):
            interface, operations = world.name(), {}
            for _ in range(world.some(0, 2, f"{production}.*.*")):
                name = world.name()
                operations[name], ops[interface, name] = self._operation(f"{production}.*.*")
            found[interface] = operations
        return found

    def _operation(self, production: str) -> tuple[Any, Op]:
        world = self._world
        kind = next((one for one in ("Nothing", "CodePath", "Record") if world.wants(f"{production}|{one}")), None)
        kind = kind or world.rng.choice(("Nothing", "CodePath", "Record", "Record"))
        if kind == "Nothing":
            return None, Op(None, {})
        if kind == "CodePath":
            mapping = world.mapping()
            return mapping, Op(mapping, {})
        own, given, needs = f"{production}|Record", {}, {}
        if world.chance(0.8) or world.wants(f"{own}.implementation"):
            given["implementation"] = world.mapping()
        if world.chance(0.6) or world.wants(f"{own}.inputs"):
            given["inputs"] = {}
            for _ in range(world.some(0, 2, f"{own}.inputs.*")):
                name = world.name()
                made, _, _ = self._declarations.declared(INPUT, f"{own}.inputs.*")
                given["inputs"][name] = made
                if "default" not in made and made.get("required", True):
                    needs[name] = Need(made.get("type"), is_secret=made.get("secret") is True)
        mapping = given.get("implementation")
        record = world.fill(TYPE_RECORD, given, own, owned=("implementation", "inputs"))
        return record, Op(mapping, needs if mapping else {})


def operations(world: World, ops: Ops, shape: Record, production: str, scope: Scope) -> dict[str, Any]:
    """Interfaces of a template: what its type needs, and more."""
    found: dict[str, Any] = {}
    for (interface, name), op in ops.items():
        if op.needs or world.chance(0.3):
            made = _own(world, op, shape, f"{production}.*.*", scope)
            found.setdefault(interface, {})[name] = made
    if world.chance(0.3) or (world.wants(f"{production}.*.*") and not found):
        made = _own(world, Op(None, {}), shape, f"{production}.*.*", scope)
        found.setdefault(world.name(), {})[world.name()] = made
    return found


def _own(world: World, op: Op, shape: Record, production: str, scope: Scope) -> Any:
    if world.wants(f"{production}|Nothing") or world.chance(0.1):
        return None
    if world.wants(f"{production}|CodePath") or (world.chance(0.2) and not world.wants(production)):
        return f"{world.mapping()}_own"  # not the type's, whose inputs it would need
    own, given = f"{production}|Record", {}
    if world.chance(0.5) or world.wants(f"{own}.implementation"):
        given["implementation"] = op.mapping if op.mapping and world.chance(0.5) else world.mapping()
    inputs = {
        # a secret one may take no value from an input that is stored
        name: functions.value(world, None, scope) if need == Need(None) else world.fit(need.type)
        for name, need in op.needs.items()
    }
    if world.chance(0.4) or world.wants(f"{own}.inputs"):
        inputs[world.name()] = functions.value(world, None, scope)
    if inputs or world.wants(f"{own}.inputs"):
        given["inputs"] = inputs
    return world.fill(shape, given, own, owned=("implementation", "inputs"))
