"""Draws whole blueprints: valid ones, in one file or several, with what a deployment of them needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from durable_wf.dsl.grammar import BLUEPRINT, PLUGIN, PLUGIN_PROPERTY, VERSIONS
from durable_wf.dsl.grammar_groups import GROUP
from durable_wf.dsl.merging import rule_of
from durable_wf.dsl.server_shapes import SCHEDULE
from durable_wf.dsl.shapes import NEWEST, Version
from tests.dsl.fuzzing import functions
from tests.dsl.fuzzing.declarations import Declarations
from tests.dsl.fuzzing.functions import Scope
from tests.dsl.fuzzing.nodes import Nodes
from tests.dsl.fuzzing.types import Types
from tests.dsl.fuzzing.world import World

MAIN, LIB, PLUGIN_FILE, NAMESPACED = "main.yaml", "lib/part.yaml", "plugins/cloud/plugin.yaml", "lib/other.yaml"
BUILTIN = "cloudify/types/types.yaml"
NAMESPACE = "ns"
_SECTIONS_OF_WORLD = (
    *("plugins", "data_types", "inputs", "node_types", "relationships", "node_templates"),
    *("groups", "policies", "policy_types", "policy_triggers"),
)
_KEYS = {"policy_types": "properties", "policy_triggers": "parameters"}
_TIMES = ("2030-01-02 03:04", "10:30", "+2 weeks", "+1day+10min", "+ 3 mo")
_DAYS = ("su", "MO", "2tu", "-1we", "l-th")


@dataclass
class Drawn:
    """A blueprint.

    files     documents by name; the main one first
    prefixes  of the names in a file
    inputs    values of those that a deployment must give
    version   that the main file declares
    """

    files: dict[str, Any]
    version: Version
    prefixes: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, Any] = field(default_factory=dict)
    has_builtin: bool = False

    @property
    def main(self) -> dict[str, Any]:
        return self.files[MAIN]


def version_name(version: Version) -> str:
    return next(name for name, one in VERSIONS.items() if one == version)


def drawn(rng: Random, wanted: str = "", since: Version = (1, 0), below: Version | None = None) -> Drawn:
    """A valid blueprint that uses a production.

    since   the version that this needs
    below   the version must be older than that
    """
    versions = [one for one in VERSIONS.values() if one >= since and (below is None or one < below)]
    version = NEWEST if NEWEST in versions and rng.random() < 0.5 else rng.choice(versions)
    has_builtin = rng.random() < 0.12
    world = World(rng, version, wanted)
    document = _document(world, has_builtin=has_builtin)
    found = Drawn({MAIN: document}, version, inputs=world.given, has_builtin=has_builtin)
    imports: list[Any] = [BUILTIN] if has_builtin else []
    if rng.random() < 0.3:
        imports.append(_split(world, found))
    if rng.random() < 0.2:
        imports.append(_namespaced(rng, found))
    if rng.random() < 0.2 or wanted.startswith("imports"):
        imports.append(_plugin_file(world, found))
    rng.shuffle(imports)
    if imports or wanted.startswith("imports"):
        document["imports"] = imports
    rest = list(document.items())
    rng.shuffle(rest)
    document = {"tosca_definitions_version": version_name(version), **dict(rest)}
    found.files = {MAIN: document, **{name: one for name, one in found.files.items() if name != MAIN}}
    return found


def _document(world: World, *, has_builtin: bool) -> dict[str, Any]:
    document = world.document
    declarations = Declarations(world)
    types = Types(world, declarations, has_builtin=has_builtin)
    nodes = Nodes(world)
    _makers(world)
    document["plugins"] = _plugins(world)
    if world.allowed((1, 2)):
        document["data_types"] = declarations.data_types()
    document["inputs"] = declarations.inputs()
    document["node_types"] = types.node_types()
    document["relationships"] = types.relationships()
    nodes.node_templates()
    _monitoring(world, nodes)
    document["groups"] = nodes.groups()
    if nodes.policies():
        document["policies"] = nodes.policies()
    _readers(world, nodes)
    owned = (*_SECTIONS_OF_WORLD, "tosca_definitions_version", "imports", "outputs", "capabilities")
    made = world.fill(BLUEPRINT, document, "", owned)
    return {name: value for name, value in made.items() if value or name not in _SECTIONS_OF_WORLD}


def _makers(world: World) -> None:
    def schedule(production: str) -> dict[str, Any]:
        given: dict[str, Any] = {"since": world.rng.choice(_TIMES)}
        for name, make in (
            ("until", lambda: world.rng.choice(_TIMES)),
            ("timezone", lambda: world.rng.choice(("Europe/Berlin", "UTC", "Asia/Tokyo"))),
            (
                "weekdays",
                lambda: [world.rng.choice(_DAYS) for _ in range(world.some(0, 2, f"{production}.weekdays[]"))],
            ),
        ):
            if world.wants(f"{production}.{name}") or world.chance(0.3):
                given[name] = make()
        return world.fill(SCHEDULE, given, production, owned=("until", "timezone", "weekdays"))

    def plugin_property(production: str) -> dict[str, Any]:
        row = PLUGIN_PROPERTY.fields[0].shape
        kind = (
            world.value(row, f"{production}.type") if world.chance(0.7) or world.wants(f"{production}.type") else None
        )
        given = {"type": kind} if kind else {}
        if world.chance(0.5) or world.wants(f"{production}.value"):
            given["value"] = functions.call(world, Scope()) if world.chance(0.2) else _of_plugin(world, kind)
        made = world.fill(PLUGIN_PROPERTY, given, production, owned=("type", "value"))
        if made.get("secret") is True and "value" in made:
            made["value"] = _of_plugin(world, kind)  # it may come from no input that is stored
        return made

    world.makers[id(SCHEDULE)] = schedule
    world.makers[id(PLUGIN_PROPERTY)] = plugin_property


def _of_plugin(world: World, kind: str | None) -> Any:
    return world.rng.randint(0, 9) if kind is None else world.fit("integer" if kind == "string" else kind)


def _plugins(world: World) -> dict[str, Any]:
    found = {}
    for _ in range(world.rng.randint(1, 2)):
        given: dict[str, Any] = {"install": False}
        kind = world.rng.randrange(3)
        if kind == 1 or world.wants("plugins.*.source"):
            given = {"source": world.name()}
        elif kind == 2 and world.allowed((1, 2)):
            given = {"package_name": world.name()}
        name = world.plain_name()
        found[name] = world.fill(PLUGIN, given, "plugins.*", owned=("install", "source", "package_name"))
        if world.wants("plugins.*.package_name"):
            found[name]["package_name"] = world.name()
        if world.wants("plugins.*.install"):
            found[name]["install"] = False
        world.plugins.append(name)
    return found


def _monitoring(world: World, nodes: Nodes) -> None:
    """Types of policies and triggers, and who draws groups' policies."""
    document, shapes = world.document, {row.name: row.shape for row in BLUEPRINT.fields}
    for section in ("policy_types", "policy_triggers"):
        if world.chance(0.3) or world.wanted.startswith((section, "groups.*.policies")):
            made = world.value(shapes[section], section)
            if world.wanted.startswith("groups.*.policies"):  # values for the schemas may be wanted
                made = {
                    world.name(): {
                        "source": "x",
                        _KEYS[section]: {world.name(): {"required": True} if world.allowed((1, 2)) else {}},
                    }
                }
            document[section] = made or {world.name(): world.value(shapes[section].value, f"{section}.*")}  # type: ignore[union-attr]
    policy = next(row.shape.value for row in GROUP.fields if row.name == "policies")  # type: ignore[union-attr]
    trigger = next(row.shape.value for row in policy.fields if row.name == "triggers")  # type: ignore[union-attr]

    def typed(shape: Any, section: str, key: str) -> Any:
        def make(production: str) -> Any:
            name = world.rng.choice(list(document[section]))
            schemas = document[section][name].get(key, {})
            needed = {
                one: each for one, each in schemas.items() if "default" not in each and each.get("required", True)
            }
            chosen = schemas if world.wants(f"{production}.{key}.*") else needed
            values = {one: world.fit(each.get("type")) for one, each in chosen.items()}
            given = {"type": name, **({key: values} if values or world.wants(f"{production}.{key}") else {})}
            owned = [key] if document.get("policy_triggers") else [key, "triggers"]
            return world.fill(shape, given, production, owned)

        return make

    world.makers[id(policy)] = typed(policy, "policy_types", "properties")
    world.makers[id(trigger)] = typed(trigger, "policy_triggers", "parameters")
    if not document.get("policy_types"):
        world.makers[id(next(row.shape for row in GROUP.fields if row.name == "policies"))] = lambda _name: {}


def _readers(world: World, nodes: Nodes) -> None:
    """Outputs and capabilities; the wanted function is called in one of them."""
    scope = Scope(nodes=nodes.sure)
    for section in ("outputs", "capabilities"):
        found = {}
        for _ in range(world.some(0, 2, section)):
            found[world.name()] = {"value": functions.value(world, None, scope)}
            if world.chance(0.3) or world.wants(f"{section}.*.description"):
                found[next(reversed(found))]["description"] = world.text()
        if world.wanted.startswith("function "):
            found[world.name()] = {"value": functions.call(world, scope, world.wanted.removeprefix("function "))}
        if found:
            world.document[section] = found


# ---------------------------------------------------------------------- several files


def _split(world: World, found: Drawn) -> str:
    """Move some entries into a file that is imported: names are merged, so that it means the same."""
    rng, part = world.rng, {}
    for section, entries in list(found.main.items()):
        since = rule_of(section).since
        may = isinstance(entries, dict) and section in (*_SECTIONS_OF_WORLD, "workflows", "outputs", "capabilities")
        if not may or since is None:
            continue
        whole = since > found.version
        moved = (
            [name for name in entries if rng.random() < 0.4] if not whole else [*entries] if rng.random() < 0.3 else []
        )
        if moved:
            part[section] = {name: entries[name] for name in moved}
            for name in moved:
                del entries[name]
            if not entries:
                del found.main[section]
    if rng.random() < 0.5:
        part["tosca_definitions_version"] = version_name(
            rng.choice([one for one in VERSIONS.values() if one <= found.version])
        )
    found.files[LIB] = part
    found.prefixes[LIB] = ""
    return LIB


def _namespaced(rng: Random, found: Drawn) -> str:
    """Another blueprint under a namespace. Its sections that only one file may have are left out."""
    world = World(rng, found.version)
    document = _document(world, has_builtin=False)
    singles = [name for name in document if name in {"policies", "deployment_settings", "upload_resources"}]
    if found.version < (1, 3):
        singles += [
            "inputs",
            "outputs",
            "node_templates",
            "capabilities",
            "labels",
            "blueprint_labels",
            "resource_tags",
        ]
        document = {name: document[name] for name in ("plugins",)}
    for name in singles:
        document.pop(name, None)
    found.files[NAMESPACED] = document
    found.prefixes[NAMESPACED] = f"{NAMESPACE}--"
    found.inputs.update(
        {f"{NAMESPACE}--{name}": value for name, value in world.given.items()} if "inputs" in document else {}
    )
    return f"{NAMESPACE}--{NAMESPACED}"


def _plugin_file(world: World, found: Drawn) -> Any:
    """A plugin.yaml beside the blueprint, with properties that the import gives."""
    rng, name = world.rng, world.plain_name()
    entry: dict[str, Any] = {"executor": "central_deployment_agent", "install": False}
    found.files[PLUGIN_FILE] = {"plugins": {name: entry}}
    found.prefixes[PLUGIN_FILE] = ""
    target = rng.choice(("plugin:cloud", PLUGIN_FILE))
    if not world.allowed((1, 5)) or rng.random() < 0.3:
        return target
    kind = rng.choice(("string", "integer", "float", "boolean", "list"))
    prop = world.name()
    entry["properties"] = {prop: {"type": kind}}
    return {target: {prop: functions.call(world, Scope()) if rng.random() < 0.2 else _of_plugin(world, kind)}}


__all__ = ["BUILTIN", "LIB", "MAIN", "NAMESPACED", "PLUGIN_FILE", "Drawn", "drawn", "version_name"]
