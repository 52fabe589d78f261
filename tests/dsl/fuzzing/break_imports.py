"""Breakers of imports: of files, plugins, other blueprints, and of what several files may have."""

from __future__ import annotations

from typing import Any

from durable_wf.dsl.merging import rule_of
from tests.dsl.fuzzing.blueprints import BUILTIN, LIB, MAIN, PLUGIN_FILE, version_name
from tests.dsl.fuzzing.breaking import Break, Breaking, breaker
from tests.dsl.fuzzing.trees import Spot

_OTHER = "other/more.yaml"


def _import(b: Breaking, item: Any, file: str = MAIN, *, first: bool = False) -> Spot:
    """Add an import to a file."""
    imports = b.files[file].setdefault("imports", [])
    imports.insert(0 if first else len(imports), item)
    return Spot(file, ("imports", 0 if first else len(imports) - 1))


def _item(b: Breaking, code: str, *items: Any) -> Break:
    item = b.rng.choice(items)
    file = b.rng.choice([name for name in (MAIN, LIB) if name in b.files])
    return Break((code,), [_import(b, item, file)], repr(item))


@breaker("import-not-found")
def _nowhere(b: Breaking) -> Break:
    return _item(
        b,
        "import-not-found",
        "nowhere.yaml",
        "lib",
        "no/where.yaml",
        "",
        ".",
        "./",
        "file://",
        "ns2--",
        "--",
        "x" * 300,
    )


@breaker("import-outside")
def _outside(b: Breaking) -> Break:
    return _item(b, "import-outside", "../../secret.yaml", "/etc/passwd", "file:///etc/passwd", "a/../../../b.yaml")


@breaker("import-not-supported")
def _unsupported(b: Breaking) -> Break:
    return _item(b, "import-not-supported", "http://localhost/x.yaml", "ftp://a/b", "ns2--blueprint:other", "gopher:x")


@breaker("plugin-not-found")
def _plugin(b: Breaking) -> Break:
    return _item(
        b, "plugin-not-found", "plugin:zz-no-such-plugin", "plugin:zz-none?version= >=2", "plugin:a?version=1&version=1"
    )


@breaker("bad-namespace")
def _namespace(b: Breaking) -> Break:
    return _item(b, "bad-namespace", "--a.yaml", "a--b--c.yaml")


@breaker("blueprint-without-namespace")
def _blueprint(b: Breaking) -> Break:
    return _item(b, "blueprint-without-namespace", "blueprint:other", "blueprint:lib/x.yaml")


@breaker("namespaced-types")
def _types(b: Breaking) -> Break:
    return _item(b, "namespaced-types", f"ns2--{BUILTIN}")


@breaker("bad-import")
def _bad(b: Breaking) -> Break:
    item = b.rng.choice((5, None, [], {}, {"a.yaml": {}, "b.yaml": {}}, True))
    return Break(("bad-import",), [_import(b, item)], repr(item))


@breaker("bad-import", since=(1, 5))
def _bad_properties(b: Breaking) -> Break:
    b.files[_OTHER] = {}
    spot = _import(b, {_OTHER: b.rng.choice(("text", [1], 5))})
    return Break(("bad-import",), [spot._replace(path=(*spot.path, _OTHER))])


@breaker("feature-too-new", below=(1, 5))
def _map_too_new(b: Breaking) -> Break:
    b.files[_OTHER] = {}
    return Break(("feature-too-new",), [_import(b, {_OTHER: {}})])


@breaker("duplicate-import")
def _duplicate(b: Breaking) -> Break:
    b.files[_OTHER] = {}
    _import(b, _OTHER, first=True)
    return Break(("duplicate-import",), [_import(b, _OTHER)])


@breaker("namespace-taken")
def _taken(b: Breaking) -> Break:
    b.files["other/a.yaml"] = {}
    _import(b, "ns2--blueprint:other/a.yaml", first=True)
    return Break(("namespace-taken",), [_import(b, "ns2--blueprint:other/b.yaml")])


@breaker("too-many-imports")
def _chain(b: Breaking) -> Break:
    for number in range(51):
        b.files[f"other/f{number}.yaml"] = {"imports": [f"f{number + 1}.yaml"]}
    _import(b, "other/f0.yaml")
    return Break(("too-many-imports",), [Spot("other/f49.yaml", ("imports", 0))])


@breaker("newer-import", below=(1, 5))
def _newer(b: Breaking) -> Break:
    newer = b.rng.choice([minor for minor in range(6) if (1, minor) > b.version])
    b.files[_OTHER] = {"tosca_definitions_version": version_name((1, newer))}
    _import(b, _OTHER)
    return Break(("newer-import",), [Spot(_OTHER, ("tosca_definitions_version",))])


@breaker("bad-plugin-property", since=(1, 5))
def _property(b: Breaking) -> Break:
    schema = {"type": b.rng.choice(("integer", "boolean", "list"))}
    b.files[_OTHER] = {
        "plugins": {b.fresh(): {"executor": "host_agent", "install": False, "properties": {"some": schema}}}
    }
    name = b.rng.choice(("some", "qqq"))
    spot = _import(b, {_OTHER: {name: b.rng.choice(("text", {"a": 1}))}})
    part = "value" if name == "some" else "key"
    return Break(("bad-plugin-property",), [spot._replace(path=(*spot.path, _OTHER, name), part=part)])


@breaker("non-mergeable")
def _settings(b: Breaking) -> Break | None:
    section = b.rng.choice(("deployment_settings", *(["policies"] if b.version >= (1, 3) else [])))
    value: Any = {"id_template": "a"}
    if section == "policies":
        node = b.node()[1][1]
        group = b.add("groups", {"members": [node]})[1][1]
        value = {b.fresh(): {"type": "cloudify.policies.scaling", "targets": [group]}}
    b.files[MAIN].setdefault(section, value if section == "deployment_settings" else {})
    if section == "policies" and not b.files[MAIN][section]:
        node = b.node()[1][1]
        group = b.add("groups", {"members": [node]})[1][1]
        b.files[MAIN][section][b.fresh()] = {"type": "cloudify.policies.scaling", "targets": [group]}
    b.files[_OTHER] = {section: value}
    _import(b, _OTHER)
    return Break(("non-mergeable",), [Spot(_OTHER, (section,), "key")], section)


@breaker("non-mergeable", below=(1, 3))
def _before(b: Breaking) -> Break | None:
    b.files[_OTHER] = {"inputs": {b.fresh(): {}}}
    _import(b, _OTHER)
    return Break(("non-mergeable",), [Spot(_OTHER, ("inputs",), "key")])


@breaker("conflicting-definition")
def _conflict(b: Breaking) -> Break | None:
    names = (
        "plugins",
        "node_types",
        "data_types",
        "groups",
        "relationships",
        "policy_types",
        "inputs",
        "outputs",
        "node_templates",
    )
    found = []
    for section in names:
        if (rule_of(section).since or (1, 0)) <= b.version and PLUGIN_FILE not in b.files:
            found += [(section, one) for one in b.entries(section) if not one[1].startswith("cloudify.")]
    if not found:
        return None
    section, (file, name, value) = b.rng.choice(found)
    b.files[_OTHER] = {section: {name: value}}
    _import(b, _OTHER)
    del file
    return Break(("conflicting-definition",), [Spot(_OTHER, (section, name), "key")], section)
