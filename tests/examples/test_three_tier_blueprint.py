"""The example's YAML, read without the engine: it is well-formed, and what it names is there."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import yaml

import durable_wf.examples.three_tier.three_tier as plugin

PLUGIN = Path(plugin.__file__).parent
FOLDER = PLUGIN.parent
BLUEPRINT = yaml.safe_load((FOLDER / "blueprint.yaml").read_text(encoding="utf-8"))
DECLARED = yaml.safe_load((FOLDER / "plugin.yaml").read_text(encoding="utf-8"))


def functions(module):
    """Name -> its decorator as text, for each public function of a plugin module."""
    tree = ast.parse((PLUGIN / f"{module}.py").read_text(encoding="utf-8"))
    return {
        node.name: [ast.unparse(decorator) for decorator in node.decorator_list]
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
    }


def operations():
    """Every operation of every type: (type, interface.operation, implementation)."""
    found = []
    for section, keys in (
        ("node_types", ["interfaces"]),
        ("relationships", ["source_interfaces", "target_interfaces"]),
    ):
        for type_name, declared in BLUEPRINT[section].items():
            for key in keys:
                for interface, names in declared.get(key, {}).items():
                    for name, value in names.items():
                        text = value if isinstance(value, str) else value["implementation"]
                        found.append((type_name, f"{interface}.{name}", text))
    return found


def instances(name):
    """How many instances the planner makes: the node's own number, in each instance of its container."""
    node = BLUEPRINT["node_templates"][name]
    number = node.get("instances", {}).get("deploy", 1)
    for relationship in node.get("relationships", []):
        if relationship["type"] == "cloudify.relationships.contained_in":
            number *= instances(relationship["target"])
    return number


def test_there_are_fourteen_node_instances():
    """At least twelve, with hosts, a database, applications and a load balancer among them."""
    counts = {name: instances(name) for name in BLUEPRINT["node_templates"]}
    assert counts == {
        "site": 1,
        "database_host": 1,
        "app_host": 3,
        "front_host": 1,
        "database": 1,
        "app": 6,
        "load_balancer": 1,
    }


def test_every_type_that_is_used_is_declared_or_built_in():
    """Types, parents and targets exist."""
    declared = {*BLUEPRINT["node_types"], *BLUEPRINT["relationships"]}
    used = [node["type"] for node in BLUEPRINT["node_templates"].values()]
    used += [kind["derived_from"] for key in ("node_types", "relationships") for kind in BLUEPRINT[key].values()]
    for node in BLUEPRINT["node_templates"].values():
        for relationship in node.get("relationships", []):
            used.append(relationship["type"])
            assert relationship["target"] in BLUEPRINT["node_templates"]
    assert all(name in declared or name.startswith("cloudify.") for name in used)


@pytest.mark.parametrize(("type_name", "name", "text"), operations())
def test_every_implementation_is_an_operation_of_the_plugin(type_name, name, text):
    """The mapping is plugin, module and function, and the function is decorated as an operation."""
    prefix, package, module, function = text.split(".")
    assert (prefix, package) == ("three_tier", "three_tier")
    decorators = functions(module)[function]
    assert decorators in (["operation"], ["operation(resumable=True)"])


def test_exactly_three_operations_are_not_safe_to_repeat():
    """They are those that take a number from a book."""
    unsafe = {text for _, _, text in operations() if functions(text.split(".")[2])[text.split(".")[3]] == ["operation"]}
    assert unsafe == {
        "three_tier.three_tier.database.create_schema",
        "three_tier.three_tier.load_balancer.announce",
        "three_tier.three_tier.maintenance.issue_licence",
    }


def test_the_workflows_take_what_the_tutorial_declares():
    """`run_operation` has the four parameters, and only the operation must be given."""
    workflows = DECLARED["workflows"]
    assert set(workflows) == {"run_operation", "start_all", "stop_all"}
    parameters = workflows["run_operation"]["parameters"]
    assert list(parameters) == ["operation", "type_name", "operation_kwargs", "is_node_operation"]
    assert [name for name, schema in parameters.items() if "default" not in schema] == ["operation"]
    for name, declared in workflows.items():
        mapping = declared if isinstance(declared, str) else declared["mapping"]
        assert mapping == f"three_tier.three_tier.workflows.{name}"
        assert functions("workflows")[name] == ["workflow(resumable=True)"]


def test_only_the_loopback_address_is_named():
    """Nothing in the example reaches beyond this machine, or names a place on one."""
    for path in [*FOLDER.glob("*.yaml"), *PLUGIN.glob("*.py")]:
        text = path.read_text(encoding="utf-8")
        assert "localhost" not in text
        assert "0.0.0.0" not in text  # noqa: S104  # that it is absent
