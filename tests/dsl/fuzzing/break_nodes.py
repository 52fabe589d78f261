"""Breakers of nodes, relationships, groups, plugins and mappings."""

from __future__ import annotations

from typing import Any

from tests.dsl.fuzzing.blueprints import LIB, MAIN
from tests.dsl.fuzzing.breaking import Break, Breaking, breaker
from tests.dsl.fuzzing.trees import Path, Spot
from tests.dsl.fuzzing.types import BASE

_POLICIES = (1, 3)
_SCALING = "cloudify.policies.scaling"


def _link(target: str, kind: str = "connected_to", **more: Any) -> dict[str, Any]:
    return {"type": BASE + kind, "target": target, **more}


# ---------------------------------------------------------------------- relationships


@breaker("relationship-to-self")
def _self(b: Breaking) -> Break:
    file, name, value = b.rng.choice(b.entries("node_templates"))
    links = value.setdefault("relationships", [])
    links.append(_link(name, b.rng.choice(("connected_to", "depends_on"))))
    return Break(
        ("relationship-to-self",), [Spot(file, ("node_templates", name, "relationships", len(links) - 1, "target"))]
    )


@breaker("several-containers")
def _containers(b: Breaking) -> Break:
    names = [b.node()[1][1] for _ in range(2)]
    links = [_link(names[0], "contained_in"), _link(b.rng.choice(names), "contained_in")]
    file, path = b.node(relationships=links)
    return Break(("several-containers",), [Spot(file, (*path, "relationships", 1, "type"))])


@breaker("circular-relationships")
def _circle(b: Breaking) -> Break:
    names = [b.fresh() for _ in range(b.rng.randint(2, 4))]
    spots = []
    for name, target in zip(names, [*names[1:], names[0]], strict=True):
        kind = b.add("node_types", {})[1][1]
        link = _link(target, b.rng.choice(("connected_to", "depends_on", "contained_in")))
        file, path = b.add("node_templates", {"type": kind, "relationships": [link]}, name)
        spots.append(Spot(file, (*path, "relationships", 0, "target")))
    return Break(("circular-relationships",), spots)


@breaker("unsupported-relationship")
def _root(b: Breaking) -> Break:
    kind = b.add("relationships", {})[1][1]
    target = b.node()[1][1]
    file, path = b.node(relationships=[{"type": kind, "target": target}])
    return Break(("unsupported-relationship",), [Spot(file, (*path, "relationships", 0, "type"))])


@breaker("bad-connection-type")
def _connection(b: Breaking) -> Break:
    target = b.node()[1][1]
    given = {"connection_type": b.rng.choice(("one_to_one", 5, None, {"get_input": "region"}, []))}
    file, path = b.node(relationships=[_link(target, properties=given)])
    return Break(("bad-connection-type",), [Spot(file, (*path, "relationships", 0, "properties", "connection_type"))])


# ---------------------------------------------------------------------- instances


@breaker("bad-instance-count", since=_POLICIES)
def _counts(b: Breaking) -> Break:
    given, key = b.rng.choice(
        (
            ({"default_instances": 5, "max_instances": 2}, "default_instances"),
            ({"default_instances": 1, "min_instances": 2}, "default_instances"),
            ({"min_instances": 3, "max_instances": 2}, "min_instances"),
        )
    )
    where, path = _scaled(b, given)
    return Break(("bad-instance-count",), [Spot(where, (*path, key))])


@breaker("bad-instance-literal", since=_POLICIES)
def _literal(b: Breaking) -> Break:
    where, path = _scaled(b, {"max_instances": b.rng.choice(("unbounded", "5"))})
    return Break(("bad-instance-literal",), [Spot(where, (*path, "max_instances"))])


@breaker("not-a-function", since=_POLICIES)
def _no_function(b: Breaking) -> Break:
    key = b.rng.choice(("default_instances", "min_instances", "max_instances"))
    where, path = _scaled(b, {key: {"one": 1}})
    return Break(("not-a-function",), [Spot(where, (*path, key))])


def _scaled(b: Breaking, counts: dict[str, Any]) -> tuple[str, Path]:
    """Counts of a node or of a policy."""
    if b.rng.random() < 0.5:
        file, path = b.node(capabilities={"scalable": {"properties": counts}})
        return file, (*path, "capabilities", "scalable", "properties")
    file, path = _policy(b, [_group(b, [b.node()[1][1]])], properties=counts)
    return file, (*path, "properties")


@breaker("instances-twice", since=_POLICIES)
def _twice(b: Breaking) -> Break:
    file, path = b.node(instances={"deploy": 1}, capabilities={"scalable": {}})
    return Break(("instances-twice",), [Spot(file, (*path, "capabilities", "scalable"))])


# ---------------------------------------------------------------------- groups


def _group(b: Breaking, members: list[str], name: str | None = None) -> str:
    return str(b.add("groups", {"members": members}, name)[1][1])


def _policy(b: Breaking, targets: list[str], **more: Any) -> tuple[str, Path]:
    return b.add("policies", {"type": _SCALING, "targets": targets, **more})


@breaker("circular-groups")
def _circle_of_groups(b: Breaking) -> Break:
    names = [b.fresh() for _ in range(b.rng.randint(1, 4))]
    spots = []
    for name, member in zip(names, [*names[1:], names[0]], strict=True):
        file, path = b.add("groups", {"members": [member]}, name)
        spots.append(Spot(file, (*path, "members", 0)))
    return Break(("circular-groups",), spots)


@breaker("several-scaling-groups", since=_POLICIES)
def _several(b: Breaking) -> Break:
    member = b.node()[1][1]
    names = [_group(b, [member]), _group(b, [b.node()[1][1], member])]
    b.rng.shuffle(names)
    _policy(b, names)
    spots = []
    for name in names:
        file = next(one for one, each, _ in b.entries("groups") if each == name)
        spots.append(Spot(file, ("groups", name, "members", b.value(file, ("groups", name, "members")).index(member))))
    return Break(("several-scaling-groups",), spots)


@breaker("mixed-group", since=_POLICIES)
def _mixed(b: Breaking) -> Break:
    host, free = b.node()[1][1], b.node()[1][1]
    inside = b.node(relationships=[_link(host, "contained_in")])[1][1]
    members = [inside, free]
    b.rng.shuffle(members)
    name = _group(b, members)
    _policy(b, [name])
    file = next(one for one, each, _ in b.entries("groups") if each == name)
    return Break(("mixed-group",), [Spot(file, ("groups", name, "members", 1))])


@breaker("groups-too-deep", since=_POLICIES)
def _deep(b: Breaking) -> Break:
    names = [_group(b, [b.node()[1][1]])]
    for _ in range(64):
        names.append(_group(b, [names[-1]]))
    _policy(b, names)
    file = next(one for one, each, _ in b.entries("groups") if each == names[1])
    return Break(("groups-too-deep",), [Spot(file, ("groups", names[1], "members", 0))])


@breaker("several-policies", since=_POLICIES)
def _policies(b: Breaking) -> Break:
    name = _group(b, [b.node()[1][1]])
    made = [_policy(b, [name]) for _ in range(2)]
    return Break(("several-policies",), [Spot(file, (*path, "targets", 0)) for file, path in made])


@breaker("group-named-like-node")
def _named(b: Breaking) -> Break:
    name = b.node()[1][1]
    member = b.node()[1][1]
    file, path = b.add("groups", {"members": [member]}, name)
    return Break(("group-named-like-node",), [Spot(file, path, "key")])


@breaker("all-to-one-in-group", since=_POLICIES)
def _all_to_one(b: Breaking) -> Break:
    target = b.node()[1][1]
    file, path = b.node(relationships=[_link(target, properties={"connection_type": "all_to_one"})])
    _policy(b, [_group(b, [path[1], target])])
    return Break(("all-to-one-in-group",), [Spot(file, (*path, "relationships", 0, "properties", "connection_type"))])


@breaker("unknown-policy-type")
def _policy_type(b: Breaking) -> Break:
    member = b.node()[1][1]
    file, path = b.add("groups", {"members": [member], "policies": {"p": {"type": b.fresh(), "properties": {"a": 1}}}})
    return Break(("unknown-policy-type",), [Spot(file, (*path, "policies", "p", "type"))])


@breaker("unknown-trigger-type")
def _trigger_type(b: Breaking) -> Break:
    member, kind = b.node()[1][1], b.add("policy_types", {"source": "x"})[1][1]
    policy = {"type": kind, "triggers": {"t": {"type": b.fresh(), "parameters": {"a": 1}}}}
    file, path = b.add("groups", {"members": [member], "policies": {"p": policy}})
    return Break(("unknown-trigger-type",), [Spot(file, (*path, "policies", "p", "triggers", "t", "type"))])


# ---------------------------------------------------------------------- plugins and mappings


@breaker("plugin-without-source")
def _source(b: Breaking) -> Break:
    file, path = b.add("plugins", {"executor": "host_agent", **b.rng.choice(({}, {"install": True}))})
    return Break(("plugin-without-source",), [Spot(file, path, "key")])


@breaker("ambiguous-plugin")
def _ambiguous(b: Breaking) -> Break:
    name = b.fresh()
    for one in (name, f"{name}.more"):
        b.add("plugins", {"executor": "host_agent", "install": False}, one)
    file, path = b.add("workflows", f"{name}.more.run")
    return Break(("ambiguous-plugin",), [Spot(file, path)])


def _mapping(b: Breaking) -> str:
    return str(b.rng.choice((f"{b.fresh()}.run", b.fresh(), f"{b.plugin()}.", b.plugin(), "scripts/none.sh")))


@breaker("unresolved-workflow")
def _workflow(b: Breaking) -> Break:
    mapping = _mapping(b)
    if b.rng.random() < 0.5:
        file, path = b.add("workflows", mapping)
        return Break(("unresolved-workflow",), [Spot(file, path)], mapping)
    file, path = b.add("workflows", {"mapping": mapping, "parameters": {"a": {"default": 1}}})
    return Break(("unresolved-workflow",), [Spot(file, (*path, "mapping"))], mapping)


@breaker("unresolved-operation")
def _operation(b: Breaking) -> Break:
    mapping = _mapping(b)
    file, path = b.node(interfaces={"i": {"go": {"implementation": mapping, "inputs": {"a": {"get_input": "region"}}}}})
    return Break(("unresolved-operation",), [Spot(file, (*path, "interfaces", "i", "go", "implementation"))], mapping)


@breaker("unresolved-relationship-operation")
def _relationship_operation(b: Breaking) -> Break:
    mapping, key = _mapping(b), b.rng.choice(("source_interfaces", "target_interfaces"))
    if b.rng.random() < 0.5:
        file, path = b.add("relationships", {"derived_from": f"{BASE}depends_on", key: {"i": {"go": mapping}}})
        return Break(("unresolved-relationship-operation",), [Spot(file, (*path, key, "i", "go"))], mapping)
    target = b.node()[1][1]
    file, path = b.node(relationships=[_link(target, **{key: {"i": {"go": mapping}}})])
    spot = Spot(file, (*path, "relationships", 0, key, "i", "go"))
    return Break(("unresolved-relationship-operation",), [spot], mapping)


_INTERFACE = "cloudify.interfaces.lifecycle"


def _waiting(b: Breaking, operation: Any, **target: Any) -> tuple[str, Path]:
    """A relationship that waits for one operation of its target; the path of the operation's name."""
    kind = f"{BASE}depends_on_lifecycle_operation"
    if not b.drawn.has_builtin and not b.has("relationships", kind):
        b.add("relationships", {"derived_from": f"{BASE}depends_on", "properties": {"operation": {}}}, kind)
    name = b.node(**target)[1][1]
    file, path = b.node(relationships=[{"type": kind, "target": name, "properties": {"operation": operation}}])
    return file, (*path, "relationships", 0, "properties", "operation")


@breaker("target-without-lifecycle")
def _no_lifecycle(b: Breaking) -> Break:
    file, path = _waiting(b, "create")
    return Break(("target-without-lifecycle",), [Spot(file, path)])


@breaker("unknown-lifecycle-operation")
def _no_operation(b: Breaking) -> Break:
    file, path = _waiting(b, b.rng.choice(("creat", "zz")), interfaces={_INTERFACE: {"create": None}})
    return Break(("unknown-lifecycle-operation",), [Spot(file, path)])


@breaker("no-host")
def _no_host(b: Breaking) -> Break:
    operation = {"implementation": f"{b.plugin()}.x", "executor": "host_agent"}
    if b.rng.random() < 0.5:
        file, path = b.node(interfaces={"i": {"go": operation}})
        return Break(("no-host",), [Spot(file, (*path, "interfaces", "i", "go"), "key")])
    kind = b.add("node_types", {"interfaces": {"i": {"go": operation}}})[1][1]
    file, path = b.node(type=kind)
    return Break(("no-host",), [Spot(file, path, "key")])


_SCRIPTS = ("https://example.org/x.sh", "echo a\necho b", "lib/run.sh")


def _script(b: Breaking) -> str:
    b.files["lib/run.sh"] = {}
    return str(b.rng.choice(_SCRIPTS))


@breaker("script-plugin-missing")
def _script_alone(b: Breaking) -> Break | None:
    if b.drawn.has_builtin:
        return None
    script = _script(b)
    if b.rng.random() < 0.5:
        file, path = b.add("workflows", script)
        return Break(("script-plugin-missing",), [Spot(file, path)], script)
    file, path = b.node(interfaces={"i": {"go": script}})
    return Break(("script-plugin-missing",), [Spot(file, (*path, "interfaces", "i", "go"))], script)


@breaker("script-given-twice")
def _script_twice(b: Breaking) -> Break:
    if not b.drawn.has_builtin:
        b.add("plugins", {"executor": "host_agent", "install": False}, "zzscript")
    script, key = _script(b), b.rng.choice(("script_path", "script_source"))
    if b.rng.random() < 0.5:
        file, path = b.add("workflows", {"mapping": script, "parameters": {key: {"default": "x"}}})
        return Break(("script-given-twice",), [Spot(file, (*path, "parameters", key), "key")])
    file, path = b.node(interfaces={"i": {"go": {"implementation": script, "inputs": {key: "x"}}}})
    return Break(("script-given-twice",), [Spot(file, (*path, "interfaces", "i", "go", "inputs", key))])


@breaker("bad-name")
def _name(b: Breaking) -> Break:
    section = b.rng.choice(("node_templates", "plugins", "inputs", "node_types"))
    values = {"plugins": {"executor": "central_deployment_agent", "install": False}}
    name = ""
    if section == "node_templates":
        name = b.rng.choice(("", "SELF", "SOURCE", "TARGET"))
        values[section] = {"type": b.add("node_types", {})[1][1]}
    file = next((one for one in (MAIN, LIB) if section in b.files.get(one, {})), MAIN)
    b.files[file].setdefault(section, {})[name] = values.get(section, {})
    return Break(("bad-name",), [Spot(file, (section, name), "key")], repr(name))
