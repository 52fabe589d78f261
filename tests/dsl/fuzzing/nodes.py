"""Draws node templates with their relationships, groups and policies."""

from __future__ import annotations

from typing import Any

from durable_wf.dsl.functions import has_function
from durable_wf.dsl.grammar import INTERFACES, NODE_TEMPLATE, RELATIONSHIP
from durable_wf.dsl.grammar_groups import COUNTS, GROUP, POLICY
from durable_wf.dsl.shapes import Record
from tests.dsl.fuzzing import functions
from tests.dsl.fuzzing.functions import Scope
from tests.dsl.fuzzing.types import BASE, LINK_KEYS, operations
from tests.dsl.fuzzing.world import Model, World

OPERATION: Record = INTERFACES.value.value.shapes[-1]  # type: ignore[attr-defined]
_PROPERTIES = "capabilities.scalable.properties"


class Nodes:
    """Draws them for one blueprint.

    containers  node -> the node that it is contained in
    sure        node -> properties that surely have a value that calls no function
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.containers: dict[str, str | None] = {}
        self.sure: dict[str, tuple[str, ...]] = {}
        self._policies: dict[str, Any] = {}
        self._depths: dict[str, int] = {}
        self._can_scale = world.wants("policies") or world.chance(0.5)
        world.makers[id(COUNTS)] = self.counts

    def node_templates(self) -> dict[str, Any]:
        world, found = self._world, {}
        world.document["node_templates"] = found
        for _ in range(world.some(1, 5) + world.wanted.startswith(("node_templates.*.relationships", "groups"))):
            name = world.name()
            found[name] = self._template(name)
        return found

    def _template(self, name: str) -> dict[str, Any]:
        world, production = self._world, "node_templates.*"
        type_name = world.rng.choice(list(world.node_types))
        model = world.node_types[type_name]
        given: dict[str, Any] = {"type": type_name}
        scope = Scope(own=(), nodes=dict(self.sure))
        values = self.values(model, f"{production}.properties", scope)
        if values or world.wants(f"{production}.properties"):
            given["properties"] = values
        links = self._links(name, f"{production}.relationships")
        if links or world.chance(0.1):
            given["relationships"] = links
        self._count(name, given, production)
        sure = tuple(key for key, value in values.items() if not _has_call(value))
        self.sure[name] = sure
        made = operations(
            world, model.ops["interfaces"], OPERATION, f"{production}.interfaces", scope._replace(own=sure)
        )
        if made:
            given["interfaces"] = made
        owned = ("properties", "relationships", "interfaces", "instances", "capabilities")
        return world.fill(NODE_TEMPLATE, given, production, owned)

    def values(self, model: Model, production: str, scope: Scope) -> dict[str, Any]:
        """Values for the properties of a type."""
        world, found = self._world, {}
        for name, prop in model.props.items():
            if prop.is_needed or world.chance(0.3):
                found[name] = world.fit(prop.type) if prop.is_secret else functions.value(world, prop.type, scope)
        return found

    def _count(self, name: str, given: dict[str, Any], production: str) -> None:
        world = self._world
        deep = self._depths[name] > 1
        if world.wants(f"{production}.instances") or world.chance(0.15):
            given["instances"] = {"deploy": world.rng.randint(0, 1 if deep else 3)}
        elif world.allowed((1, 3)) and (world.wants(f"{production}.capabilities") or world.chance(0.3)):
            properties = self.counts(f"{production}.{_PROPERTIES}")
            whole = {"scalable": {"properties": properties}}
            if not world.wanted and world.chance(0.1):
                whole = world.rng.choice(({}, {"scalable": {}}))
            given["capabilities"] = whole

    def counts(self, production: str) -> dict[str, Any]:
        """Counts that go together."""
        world, found = self._world, {}
        count = world.rng.randint(0, 2)
        rows = {"default_instances": count, "min_instances": 0, "max_instances": world.rng.choice((-1, "UNBOUNDED", 5))}
        for name, value in rows.items():
            own = f"{production}.{name}"
            if not (world.wants(own) or world.chance(0.5)):
                continue
            found[name] = value
            if world.wants(f"{own}|OneOf"):
                found[name] = "UNBOUNDED"
            elif world.wants(f"{own}|FunctionCall") or (world.chance(0.15) and not world.wants(own)):
                found[name] = {"string_find": ["x" * (5 if name[1] == "a" else 0) + "y", "y"]}
        if "default_instances" not in found and found.get("max_instances") == 0:
            del found["max_instances"]
        return found

    # ------------------------------------------------------------------ relationships

    def _links(self, name: str, production: str) -> list[Any]:
        world, found = self._world, []
        self.containers[name], self._depths[name] = None, 0
        targets = list(self.sure)
        kinds = {kind: model for kind, model in world.link_types.items() if model.roots}
        for _ in range(world.some(0, 2, production) if targets and kinds else 0):
            kind, target = world.rng.choice(list(kinds)), world.rng.choice(targets)
            if kinds[kind].roots == ("contained_in",):
                if self.containers[name]:
                    continue
                self.containers[name], self._depths[name] = target, self._depths[target] + 1
            found.append(self._link(kind, target, f"{production}[]"))
        return found

    def _link(self, kind: str, target: str, production: str) -> dict[str, Any]:
        world, model = self._world, self._world.link_types[kind]
        given: dict[str, Any] = {"type": kind, "target": target}
        values = {
            name: world.fit(prop.type) for name, prop in model.props.items() if prop.is_needed or world.chance(0.3)
        }
        if kind.startswith(BASE) and world.chance(0.2):
            values["connection_type"] = "all_to_all" if self._can_scale else "all_to_one"
        if values or world.wants(f"{production}.properties"):
            given["properties"] = values
        for key in LINK_KEYS:
            made = operations(
                world, model.ops[key], OPERATION, f"{production}.{key}", Scope(ends=True, nodes=self.sure)
            )
            if made:
                given[key] = made
        return world.fill(RELATIONSHIP, given, production, owned=("properties", *LINK_KEYS))

    # ------------------------------------------------------------------ groups

    def groups(self) -> dict[str, Any]:
        world, found = self._world, {}
        world.document["groups"] = found
        for _ in range(world.some(0, 2, "groups")):
            names = [*self.containers, *found]
            members = world.rng.sample(names, min(len(names), world.rng.randint(1, 3)))
            found[world.name()] = world.fill(GROUP, {"members": members}, "groups.*")
        if world.allowed((1, 3)) and self._can_scale:
            found.update(self._scaling())
        return found

    def _scaling(self) -> dict[str, Any]:
        """Groups whose members are all contained in the same node, and the policies that scale them."""
        world, found = self._world, {}
        by_container: dict[str | None, list[str]] = {}
        for node, container in self.containers.items():
            by_container.setdefault(container, []).append(node)
        for container, members in by_container.items():
            if container is not None and world.chance(0.5):
                continue
            taken = members[: world.rng.randint(1, len(members))]
            name = world.name()
            found[name] = world.fill(GROUP, {"members": taken}, "groups.*")
            if world.chance(0.3):
                outer = world.name()
                found[outer] = world.fill(GROUP, {"members": [name, *members[len(taken) :]]}, "groups.*")
        for name in found:
            given = {"type": "cloudify.policies.scaling", "targets": [name]}
            self._policies[world.name()] = world.fill(POLICY, given, "policies.*")
        return found

    def policies(self) -> dict[str, Any]:
        """Those that scale the groups that were drawn."""
        return self._policies


def _has_call(value: Any) -> bool:
    return has_function(value)
