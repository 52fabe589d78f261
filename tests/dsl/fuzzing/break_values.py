"""Breakers of what is declared and of values: types, properties, inputs, constraints, functions."""

from __future__ import annotations

from typing import Any

from tests.dsl.fuzzing.breaking import Break, Breaking, breaker
from tests.dsl.fuzzing.trees import Path, Spot, remove

_NEW = (1, 2)
_WRONG: dict[str, tuple[Any, ...]] = {
    "integer": ("text", 1.5, True, []),
    "float": ("text", False, {}),
    "boolean": ("yes!", 0, []),
    "list": ({}, "a", 1),
    "dict": ([], "a", 1),
    "regex": ("a(", 5, []),
}


def _wrong(b: Breaking) -> tuple[str, Any]:
    kind = b.rng.choice(sorted(_WRONG))
    return kind, b.rng.choice(_WRONG[kind])


# ---------------------------------------------------------------------- types


@breaker("circular-derivation")
def _circle_of_types(b: Breaking) -> Break | None:
    sections = ["node_types", "relationships", *(["data_types"] if b.version >= _NEW else [])]
    section = b.rng.choice(sections)
    found = [
        (file, name)
        for file, name, value in b.entries(section)
        if value.get("derived_from") and name[:9] != "cloudify."
    ]
    if found and b.rng.random() < 0.5:
        file, name = b.rng.choice(found)
        b.value(file, (section, name))["derived_from"] = name
        return Break(("circular-derivation",), [Spot(file, (section, name, "derived_from"))], section)
    names = [b.fresh() for _ in range(b.rng.randint(1, 4))]
    spots = []
    for name, parent in zip(names, [*names[1:], names[0]], strict=True):
        file, path = b.add(section, {"derived_from": parent}, name)
        spots.append(Spot(file, (*path, "derived_from")))
    return Break(("circular-derivation",), spots, section)


@breaker("circular-data-types", since=_NEW)
def _circle_of_data(b: Breaking) -> Break:
    names = [b.fresh() for _ in range(b.rng.randint(1, 3))]
    spots = []
    for name, inner in zip(names, [*names[1:], names[0]], strict=True):
        file, path = b.add("data_types", {"properties": {"x": {"type": inner}, "y": {"default": 1}}}, name)
        spots.append(Spot(file, (*path, "properties", "x", "type")))
    return Break(("circular-data-types",), spots)


@breaker("primitive-redefined", since=_NEW)
def _primitive(b: Breaking) -> Break:
    file, path = b.add("data_types", {}, b.rng.choice(("string", "integer", "list", "secret_key")))
    return Break(("primitive-redefined",), [Spot(file, path, "key")])


@breaker("unknown-parent-type")
def _parent(b: Breaking) -> Break:
    section = b.rng.choice(("node_types", "relationships"))
    file, path = b.add(section, {"derived_from": b.fresh()})
    return Break(("unknown-parent-type",), [Spot(file, (*path, "derived_from"))])


# ---------------------------------------------------------------------- properties


def _typed(b: Breaking, schema: dict[str, Any]) -> tuple[str, str]:
    """A new node type with one property; its name and the property's."""
    name = b.fresh()
    return b.add("node_types", {"properties": {name: schema}})[1][1], name


@breaker("undefined-property")
def _undefined(b: Breaking) -> Break | None:
    found = [(file, name) for file, name, value in b.entries("node_templates") if value.get("properties")]
    if not found:
        return None
    file, name = b.rng.choice(found)
    path = b.insert(file, ("node_templates", name, "properties"), b.fresh(), b.rng.choice((1, {"get_input": "region"})))
    return Break(("undefined-property",), [Spot(file, path, "key")])


@breaker("undefined-property", since=_NEW)
def _undefined_inside(b: Breaking) -> Break:
    data = b.add("data_types", {"properties": {"a": {"default": 1}}})[1][1]
    kind, prop = _typed(b, {"type": data})
    file, path = b.node(type=kind, properties={prop: {"qqq": 1}})
    return Break(("undefined-property",), [Spot(file, (*path, "properties", prop, "qqq"), "key")])


@breaker("missing-property")
def _missing(b: Breaking) -> Break:
    kind, prop = _typed(b, {"type": "string"})
    if b.rng.random() < 0.5:
        file, path = b.node(type=kind)
        return Break(("missing-property",), [Spot(file, path, "key")])
    file, path = b.node(type=kind, properties={})
    del prop
    return Break(("missing-property",), [Spot(file, (*path, "properties"))])


@breaker("missing-property", wants="node_templates.*.properties")
def _taken(b: Breaking) -> Break | None:
    """A property that an existing node has to give is not given."""
    types = {name: value or {} for _, name, value in b.entries("node_types")}
    found = []
    for file, name, value in b.entries("node_templates"):
        of = types.get(value["type"], {})
        for prop, schema in (of.get("properties") or {}).items():
            needed = "default" not in schema and schema.get("required", True) and _is_primitive(schema)
            if needed and prop in value.get("properties", {}):
                found.append((file, name, prop))
    if not found:
        return None
    file, name, prop = b.rng.choice(found)
    for each in b.files.values():  # whoever names it elsewhere would be a second mistake
        if repr(each).count(repr(prop)) > 1 + (each is b.files[file]) + 1:
            return None
    remove(b.files[file], ("node_templates", name, "properties", prop))
    return Break(("missing-property",), [Spot(file, ("node_templates", name, "properties"))])


def _is_primitive(schema: dict[str, Any]) -> bool:
    return schema.get("type") in (None, *_WRONG, "string")


@breaker("value-mismatch")
def _default(b: Breaking) -> Break:
    kind, value = _wrong(b)
    section = b.rng.choice(("node_types", "relationships", "policy_types"))
    more = {"source": "x"} if section == "policy_types" else {}
    file, path = b.add(section, {"properties": {"x": {"type": kind, "default": value}}, **more})
    return Break(("value-mismatch",), [Spot(file, (*path, "properties", "x", "default"))], f"{kind} {value!r}")


@breaker("value-mismatch")
def _given(b: Breaking) -> Break:
    kind, value = _wrong(b)
    type_name, prop = _typed(b, {"type": kind})
    file, path = b.node(type=type_name, properties={prop: value})
    return Break(("value-mismatch",), [Spot(file, (*path, "properties", prop))], f"{kind} {value!r}")


@breaker("value-mismatch")
def _of_input(b: Breaking) -> Break:
    kind, value = _wrong(b)
    file, path = b.add("inputs", {"type": kind, "default": value})
    return Break(("value-mismatch",), [Spot(file, (*path, "default"))], f"{kind} {value!r}")


@breaker("missing-operation-input")
def _operation_input(b: Breaking) -> Break:
    operation = {"implementation": f"{b.plugin()}.x", "inputs": {"need": {}}}
    kind = b.add("node_types", {"interfaces": {"i": {"go": operation}}})[1][1]
    if b.rng.random() < 0.5:
        file, path = b.node(type=kind)
        return Break(("missing-operation-input",), [Spot(file, path, "key")])
    file, path = b.node(type=kind, interfaces={"i": {"go": {"inputs": {"other": 1}}}})
    return Break(("missing-operation-input",), [Spot(file, (*path, "interfaces", "i", "go"), "key")])


# ---------------------------------------------------------------------- inputs and constraints


@breaker("data-type-violated", since=_NEW)
def _violated(b: Breaking) -> Break:
    data = b.add("data_types", {"properties": {"a": {"type": "integer"}, "b": {"default": 1}}})[1][1]
    default, inner, part = b.rng.choice(
        (({"a": "x"}, ("a",), "value"), ({"a": 1, "qqq": 2}, ("qqq",), "key"), ({}, (), "value"), (5, (), "value"))
    )
    file, path = b.add("inputs", {"type": data, "default": default})
    return Break(("data-type-violated",), [Spot(file, (*path, "default", *inner), part)])


def _declared(b: Breaking, declared: dict[str, Any]) -> tuple[str, Path]:
    """An input, a parameter, or an operation's input, that is declared so."""
    kind = b.rng.randrange(3)
    if kind == 0:
        return b.add("inputs", declared)
    if kind == 1:
        file, path = b.add("workflows", {"mapping": f"{b.plugin()}.x", "parameters": {"p": declared}})
        return file, (*path, "parameters", "p")
    operation = {"implementation": f"{b.plugin()}.x", "inputs": {"p": declared}}
    file, path = b.add("node_types", {"interfaces": {"i": {"go": operation}}})
    return file, (*path, "interfaces", "i", "go", "inputs", "p")


@breaker("bad-item-type", since=(1, 4))
def _item_type(b: Breaking) -> Break:
    data = b.rng.choice([b.fresh(), *(name for _, name, _ in b.entries("data_types"))])
    file, path = _declared(b, {"type": "list", "item_type": data})
    return Break(("bad-item-type",), [Spot(file, (*path, "item_type"))])


@breaker("item-type-without-list", since=(1, 4))
def _no_list(b: Breaking) -> Break:
    file, path = _declared(b, b.rng.choice(({"type": "string", "item_type": "integer"}, {"item_type": "string"})))
    return Break(("item-type-without-list",), [Spot(file, (*path, "item_type"))])


@breaker("bad-constraint-argument")
def _argument(b: Breaking) -> Break:
    one = b.rng.choice(
        ({"in_range": [5, 1]}, {"in_range": [1]}, {"pattern": "a("}, {"in_range": [1, 2, 3]}, {"pattern": "[b-a]"})
    )
    file, path = _declared(b, {"constraints": [one]})
    return Break(("bad-constraint-argument",), [Spot(file, (*path, "constraints", 0, next(iter(one))))])


@breaker("unknown-constraint")
def _constraint(b: Breaking) -> Break:
    one = b.rng.choice(({}, {"min_length": 1, "max_length": 2}))
    file, path = _declared(b, {"constraints": [one]})
    return Break(("unknown-constraint",), [Spot(file, (*path, "constraints", 0))])


@breaker("constraint-not-for-type")
def _not_for(b: Breaking) -> Break:
    one = b.rng.choice(
        ({"filter_id": "f"}, {"labels": []}, {"tenants": ["a"]}, {"deployment_id": "d"}, {"name_pattern": {}})
    )
    file, path = _declared(b, {"type": b.rng.choice(("string", "integer", "list")), "constraints": [one]})
    return Break(("constraint-not-for-type",), [Spot(file, (*path, "constraints", 0, next(iter(one))), "key")])


@breaker("constraint-not-for-type", since=(1, 4))
def _no_deployment(b: Breaking) -> Break:
    file, path = b.add("inputs", {"type": b.rng.choice(("capability_value", "node_instance"))})
    return Break(("constraint-not-for-type",), [Spot(file, (*path, "type"))])


@breaker("constrained-function")
def _constrained(b: Breaking) -> Break:
    given = {"default": {"get_input": "region"}, "constraints": [{"min_length": 1}]}
    file, path = b.add("inputs", given)
    return Break(("constrained-function",), [Spot(file, (*path, "default"))])


@breaker("constraint-violated")
def _violation(b: Breaking) -> Break:
    kind, value, one = b.rng.choice(
        (
            ("integer", 5, {"less_than": 5}),
            ("string", "abc", {"pattern": "b"}),
            ("string", "abc", {"max_length": 2}),
            ("list", [1], {"min_length": 2}),
            ("float", 0.5, {"in_range": [1, 2]}),
            ("boolean", True, {"valid_values": [False, 1]}),
            ("integer", 5, {"length": 1}),
        )
    )
    file, path = b.add("inputs", {"type": kind, "default": value, "constraints": [one]})
    return Break(("constraint-violated",), [Spot(file, (*path, "default"))], repr(one))


@breaker("hidden-required-input", since=(1, 3))
def _hidden(b: Breaking) -> Break:
    file, path = b.add("inputs", {"hidden": True, **b.rng.choice(({}, {"required": True}, {"default": None}))})
    return Break(("hidden-required-input",), [Spot(file, path, "key")])


@breaker("bad-display")
def _display(b: Breaking) -> Break:
    file, path = b.add("inputs", {**b.rng.choice(({}, {"type": "string"})), "display": {"rows": 2}})
    return Break(("bad-display",), [Spot(file, (*path, "display"))])


# ---------------------------------------------------------------------- functions


def _output(b: Breaking, value: Any, *inner: Any, code: str, part: str = "value") -> Break:
    """An output, or a deep part of one, with that value."""
    depth = b.rng.randrange(3)
    whole, path = value, ("value",)
    for _ in range(depth):
        whole, path = {"a": [0, whole]}, (*path, "a", 1)
    file, own = b.add(b.rng.choice(("outputs", "capabilities")), {"value": whole})
    return Break((code,), [Spot(file, (*own, *path, *inner), part)], repr(value))


@breaker("bad-function-arguments")
def _arguments(b: Breaking) -> Break:
    calls: tuple[tuple[str, Any, tuple[Any, ...]], ...] = (
        ("get_input", [], ()), ("get_input", [5], (0,)), ("get_input", {"a": 1}, ()), ("get_property", ["n"], ()),
        ("get_attribute", "n", ()), ("get_attributes_list", [1, "a"], (0,)), ("get_attributes_dict", ["n"], ()),
        ("get_secret", [], ()), ("get_secret", 5, ()), ("get_capability", ["d"], ()), ("merge", [{}, 5], (1,)),
        ("get_environment_capability", ["c"], ()), ("get_label", ["k", "x"], (1,)), ("get_sys", ["tenant", "id"], (1,)),
        ("get_sys", ["planet", "id"], (0,)), ("get_consumers", "all", ()), ("concat", "text", ()),
        ("get_group_capability", ["g", []], (1,)), ("merge", {}, ()), ("string_find", ["a"], ()),
        ("string_replace", ["a", "b"], ()), ("string_split", ["a", "b", "c"], (2,)),
        ("string_lower", ["A"], ()), ("string_upper", None, ()), ("string_replace", ["a", "b", 5], (2,)),
    )  # fmt: skip
    usable = [one for one in calls if b.version >= {"concat": (1, 1), "merge": (1, 3)}.get(one[0], (1, 0))]
    name, arguments, inner = b.rng.choice(usable)
    return _output(b, {name: arguments}, name, *inner, code="bad-function-arguments")


@breaker("ambiguous-attributes")
def _ambiguous(b: Breaking) -> Break:
    file, path = b.node()
    made = _output(
        b, {"get_attributes_dict": [path[1], "a.b", ["a", "b"]]}, "get_attributes_dict", 2, code="ambiguous-attributes"
    )
    del file
    return made


@breaker("unknown-input")
def _input(b: Breaking) -> Break:
    name = b.misspelled("region")
    if b.rng.random() < 0.5:
        return _output(b, {"get_input": name}, "get_input", code="unknown-input")
    return _output(b, {"get_input": [name, 0]}, "get_input", 0, code="unknown-input")


@breaker("unknown-node")
def _node(b: Breaking) -> Break:
    function = b.rng.choice(("get_attribute", "get_property", "get_attributes_list", "get_attributes_dict"))
    return _output(b, {function: [b.fresh(), "x"]}, function, 0, code="unknown-node")


@breaker("unknown-property")
def _property(b: Breaking) -> Break:
    kind, prop = _typed(b, {"default": {"a": [1, 2]}})
    _, path = b.node(type=kind)
    keys: list[Any] = b.rng.choice(([b.fresh()], [prop, "b"], [prop, "a", 2], [prop, "a", 0, "c"]))
    last = len(keys)
    return _output(b, {"get_property": [path[1], *keys]}, "get_property", last, code="unknown-property")


@breaker("wrong-scope")
def _scope(b: Breaking) -> Break:
    function, word = b.rng.choice(("get_attribute", "get_property")), b.rng.choice(("SELF", "SOURCE", "TARGET"))
    if word == "SELF":
        return _output(b, {function: [word, "x"]}, function, 0, code="wrong-scope")
    kind, prop = _typed(b, {})
    file, path = b.node(type=kind, properties={prop: {function: [word, "x"]}})
    return Break(("wrong-scope",), [Spot(file, (*path, "properties", prop, function, 0))])


@breaker("circular-functions")
def _circular(b: Breaking) -> Break:
    kind, first = _typed(b, {})
    _, second = b.entries("node_types")[0][1], b.fresh()
    file, path = b.node(type=kind, properties={first: {"get_property": ["SELF", first]}})
    del second
    if b.rng.random() < 0.5:
        return Break(("circular-functions",), [Spot(file, (*path, "properties", first))])
    other_file, other = b.node(type=kind, properties={first: [{"get_property": [path[1], first]}]})
    b.set(file, (*path, "properties", first), {"get_property": [other[1], first, 0]})
    spots = [Spot(file, (*path, "properties", first)), Spot(other_file, (*other, "properties", first, 0))]
    return Break(("circular-functions",), spots)


@breaker("circular-functions")
def _circular_inputs(b: Breaking) -> Break:
    first, second = b.fresh(), b.fresh()
    file, path = b.add("inputs", {"default": {"get_input": b.rng.choice((first, [first]))}}, first)
    if b.rng.random() < 0.5:
        return Break(("circular-functions",), [Spot(file, (*path, "default"))])
    b.set(file, (*path, "default"), [{"get_input": second}])
    other_file, other = b.add("inputs", {"default": {"get_input": [first, 0]}}, second)
    spots = [Spot(file, (*path, "default", 0)), Spot(other_file, (*other, "default"))]
    return Break(("circular-functions",), spots)


@breaker("function-not-allowed")
def _external(b: Breaking) -> Break:
    kind = b.add("node_types", {"properties": {"use_external_resource": {"default": False}}})[1][1]
    file, path = b.node(type=kind, properties={"use_external_resource": {"get_input": "region"}})
    return Break(("function-not-allowed",), [Spot(file, (*path, "properties", "use_external_resource"))])


@breaker("function-not-allowed")
def _label(b: Breaking) -> Break:
    _, path = b.node()
    file, own = b.add("labels", {"values": ["a", {"get_attribute": [path[1], "x"]}]})
    return Break(("function-not-allowed",), [Spot(file, (*own, "values", 1, "get_attribute"), "key")])


@breaker("bad-schedule")
def _schedule(b: Breaking) -> Break:
    key, value, inner = b.rng.choice(
        (("since", "soon", ()), ("until", "+2 moons", ()), ("weekdays", ["mo", "friday"], (1,)))
    )
    found = [one for one in b.files if "deployment_settings" in b.files[one]]
    file = found[0] if found else "main.yaml"
    settings = b.files[file].setdefault("deployment_settings", {})
    name = b.fresh()
    settings.setdefault("default_schedules", {})[name] = {"workflow": "w", "since": "10:00", key: value}
    return Break(("bad-schedule",), [Spot(file, ("deployment_settings", "default_schedules", name, key, *inner))])


@breaker("feature-too-new", below=(1, 3))
def _new_function(b: Breaking) -> Break:
    function, value = ("merge", [{}]) if b.version >= (1, 1) else b.rng.choice((("merge", [{}]), ("concat", ["a"])))
    return _output(b, {function: value}, function, code="feature-too-new", part="key")


@breaker("function-of-secret")
def _of_secret(b: Breaking) -> Break:
    name = b.add("inputs", {"secret": True})[1][1]
    kind, prop = _typed(b, {})
    function, value, inner = b.rng.choice(
        (
            ("string_lower", {"get_input": name}, ()),
            ("string_find", [{"get_input": [name]}, "a"], (0,)),
            ("get_property", ["SELF", {"get_input": name}], (1,)),
        )
    )
    file, path = b.node(type=kind, properties={prop: {function: value}})
    return Break(("function-of-secret",), [Spot(file, (*path, "properties", prop, function, *inner))])


@breaker("secret-from-open-input")
def _open_input(b: Breaking) -> Break:
    value = b.rng.choice(({"get_input": "region"}, {"get_input": ["deep", "x"]}))
    if b.rng.random() < 0.5:
        code = f"{b.plugin()}.run"
        schema = {"interfaces": {"i": {"go": {"implementation": code, "inputs": {"pw": {"secret": True}}}}}}
        kind = b.add("node_types", schema)[1][1]
        file, path = b.node(type=kind, interfaces={"i": {"go": {"inputs": {"pw": value}}}})
        return Break(("secret-from-open-input",), [Spot(file, (*path, "interfaces", "i", "go", "inputs", "pw"))])
    kind, prop = _typed(b, {"secret": True})
    file, path = b.node(type=kind, properties={prop: value})
    return Break(("secret-from-open-input",), [Spot(file, (*path, "properties", prop))])
