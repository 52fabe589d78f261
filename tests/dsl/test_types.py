"""Types, properties and operations as they are merged. Sections are those of reference/blueprint-dsl.md."""

import pytest

from durable_wf.model.plan import NOOP
from tests.dsl.kit import codes, compiled, problems

LIFECYCLE = "cloudify.interfaces.lifecycle"


def node(text, name="n"):
    return compiled(text).nodes[name]


def test_properties_of_child_and_parent():
    """§6, §7: a child's schema replaces the parent's of that name; the template's value replaces a default whole."""
    found = node(
        """
        node_types:
          A: {properties: {a: {default: 1}, b: {default: {x: 1}}, c: {type: string, required: false}}}
          B: {derived_from: A, properties: {a: {default: 2}, d: {default: null}}}
        node_templates:
          n: {type: B, properties: {b: {y: 2}}}
        """
    )
    assert found.type_hierarchy == ("A", "B")
    assert found.properties == {"a": 2, "b": {"y": 2}, "d": None}


def test_what_exists_elsewhere_needs_no_properties():
    """§6: `use_external_resource: true` switches the required check off."""
    text = """
    node_types:
      A: {derived_from: cloudify.nodes.Root, properties: {a: {}}}
    node_templates:
      n: {type: A, properties: {use_external_resource: %s}}
    """
    assert codes(text % "true") == []
    assert codes(text % "false") == ["missing-property"]


@pytest.mark.parametrize(
    ("type_name", "value", "fits"),
    [
        ("integer", "5", True),
        ("integer", "true", False),
        ("integer", "5.0", False),
        ("float", "5", True),
        ("float", "yes", False),
        ("boolean", "yes", True),
        ("boolean", "1", False),
        ("string", "8000", True),
        ("string", "{a: 1}", True),
        ("node_id", "5", True),
        ("list", "[1]", True),
        ("list", "{a: 1}", False),
        ("dict", "{a: 1}", True),
        ("dict", "text", False),
        ("regex", "'a+'", True),
        ("regex", "'a('", False),
        ("integer", "null", False),
        ("string", "null", True),
        ("integer", "{concat: [a, b]}", True),
    ],
)
def test_values_fit_types(type_name, value, fits):
    """§4: text takes anything; a function is not checked statically; null fails typed values that are not text."""
    text = f"""
    node_types: {{A: {{properties: {{x: {{type: {type_name}}}}}}}}}
    node_templates: {{n: {{type: A, properties: {{x: {value}}}}}}}
    """
    assert codes(text) == ([] if fits else ["value-mismatch"])


def test_a_child_operation_replaces_the_parents_entirely():
    """§8: `{}` is a no-op; a child that gives only inputs loses the implementation."""
    found = node(
        """
        node_types:
          A:
            interfaces:
              i:
                a: {implementation: p.a, max_retries: 3}
                b: p.b
                c: p.c
                d: p.d
          B:
            derived_from: A
            interfaces: {i: {a: {implementation: p.a2}, b: {}, c: {inputs: {x: {default: 1}}}}}
        node_templates:
          n: {type: B}
        """
    )
    assert (found.operations["i.a"].function, found.operations["i.a"].max_retries) == ("a2", None)
    assert found.operations["i.b"] == found.operations["i.c"] == NOOP
    assert found.operations["i.d"].function == "d"


TYPED = """
node_types:
  A:
    derived_from: cloudify.nodes.Compute
    interfaces:
      i:
        go:
          implementation: p.go
          executor: host_agent
          max_retries: 3
          retry_interval: 2.5
          timeout: 0
          timeout_recoverable: true
          inputs:
            host: {default: h}
            port: {type: integer, default: 80}
node_templates:
  n:
    type: A
    interfaces: {i: %s}
"""


def test_only_in_the_type():
    """§8: the schema's defaults are the inputs."""
    go = node(TYPED % "{}").operations["i.go"]
    assert go.inputs == {"host": "h", "port": 80}
    assert go.inputs_types == {"port": "integer"}
    assert (go.executor, go.max_retries, go.retry_interval) == ("host_agent", 3, 2.5)
    assert (go.timeout, go.timeout_recoverable) == (0, True)


@pytest.mark.parametrize("own", ["{inputs: {host: x, more: 1}}", "{implementation: p.go, inputs: {host: x, more: 1}}"])
def test_the_same_implementation_inherits(own):
    """§8: inputs over the defaults, further names allowed; settings fall back to the type's."""
    go = node(TYPED % f"{{go: {own}}}").operations["i.go"]
    assert go.inputs == {"host": "x", "port": 80, "more": 1}
    assert (go.executor, go.max_retries, go.timeout) == ("host_agent", 3, 0)


def test_own_settings_win_where_the_implementation_is_the_same():
    """§8: each that is given replaces the type's, null does not."""
    go = node(TYPED % "{go: {max_retries: 0, timeout: null}}").operations["i.go"]
    assert (go.max_retries, go.timeout, go.retry_interval) == (0, 0, 2.5)


@pytest.mark.parametrize("own", ["p.other", "{implementation: p.other}"])
def test_another_implementation_inherits_nothing(own):
    """§8: then only the template's fields count."""
    go = node(TYPED % f"{{go: {own}}}").operations["i.go"]
    assert (go.function, go.inputs, go.max_retries, go.executor) == ("other", {}, None, "central_deployment_agent")


@pytest.mark.parametrize("own", ["{}", "null"])
def test_an_operation_is_switched_off(own):
    """§8: `{}` and nothing are no-ops."""
    found = node(TYPED % f"{{go: {own}}}")
    assert found.operations["i.go"] == NOOP
    assert not found.has_operation("i.go")


def test_an_operation_of_the_template_alone():
    """§8: it is taken as it is; the plugin's executor is the default; a new interface is fine."""
    found = node(TYPED % "{}, j: {new: {implementation: p.m.new, inputs: {a: [1]}}}")
    assert found.operations["j.new"].inputs == {"a": [1]}
    assert found.operations["new"].executor == "central_deployment_agent"
    assert found.plugins == ("p",)


def test_bare_names_only_where_they_are_unique():
    """§8: for what derives from Root, create, delete, start and stop stand in two interfaces."""
    found = node("node_templates: {n: {type: cloudify.nodes.Root}}")
    assert f"{LIFECYCLE}.create" in found.operations
    assert "configure" in found.operations
    assert {"create", "delete", "start", "stop"}.isdisjoint(found.operations)
    assert len(found.interfaces[LIFECYCLE]) == 20


def test_a_bad_mapping_of_an_unused_node_type_is_no_mistake():
    """§8.1, §11: node types' operations are resolved for nodes, relationship types' always."""
    text = """
    node_types: {A: {interfaces: {i: {go: nobody.f}}}}
    relationships: {R: {source_interfaces: {i: {go: nobody.f}}}}
    """
    assert codes(text) == ["unresolved-relationship-operation"]


def test_a_mistake_in_a_type_is_said_once_for_all_its_nodes():
    """One mistake is one problem, however many nodes have the type."""
    text = """
    node_types: {A: {properties: {x: {default: {get_input: nothing}}}, interfaces: {i: {go: nobody.f}}}}
    node_templates: {a: {type: A}, b: {type: A}, c: {type: A}}
    """
    assert codes(text) == ["unknown-input", "unresolved-operation"]


def test_relationships_of_a_node():
    """§11, §15: order of declaration; two to one target are both kept; types' defaults are merged in."""
    found = node(
        """
        relationships:
          R:
            derived_from: cloudify.relationships.connected_to
            properties: {weight: {type: integer, default: 1}}
            source_interfaces: {i: {go: {implementation: p.src, inputs: {a: {default: {get_property: [TARGET, ip]}}}}}}
            target_interfaces: {i: {go: p.tgt}}
        node_templates:
          h: {type: cloudify.nodes.Compute}
          n:
            type: cloudify.nodes.Root
            relationships:
            - {type: R, target: h, properties: {weight: 5}}
            - {type: cloudify.relationships.contained_in, target: h}
            - {type: R, target: h, source_interfaces: {i: {go: {inputs: {a: 1}}}}}
        """
    )
    first, container, second = found.relationships
    assert [one.target for one in found.relationships] == ["h"] * 3
    assert first.properties == {"connection_type": "all_to_all", "weight": 5}
    assert first.is_derived_from("cloudify.relationships.depends_on")
    assert first.source_operations["i.go"].has_intrinsic_functions
    assert second.source_operations["go"].inputs == {"a": 1}
    assert second.target_operations["i.go"].function == "tgt"
    assert container.type == "cloudify.relationships.contained_in"
    assert found.host_id == "h"


def test_plugins_of_a_node():
    """§9: those of its own operations, and of target operations of relationships that point at it."""
    found = compiled(
        """
        relationships:
          R:
            derived_from: cloudify.relationships.depends_on
            source_interfaces: {i: {go: p.src}}
            target_interfaces: {i: {go: q.tgt}}
        node_templates:
          a: {type: cloudify.nodes.Root, relationships: [{type: R, target: b}]}
          b: {type: cloudify.nodes.Root}
        """,
        HEAD_WITH_Q,
    )
    assert found.nodes["a"].plugins == ("p",)
    assert found.nodes["b"].plugins == ("q",)


HEAD_WITH_Q = """\
tosca_definitions_version: cloudify_dsl_1_5
imports: [cloudify/types/types.yaml]
plugins:
  p: {executor: central_deployment_agent, install: false, on_unknown: rerun}
  q: {executor: central_deployment_agent, package_name: q}
"""


def test_unknown_outcomes_may_be_declared():
    """design.md: `on_unknown` per operation and plugin; ours, so no version is asked for."""
    operation = "{implementation: p.f, on_unknown: fail}"
    text = f"node_types: {{A: {{interfaces: {{i: {{go: {operation}}}}}}}}}\nnode_templates: {{n: {{type: A}}}}"
    found = compiled(text, HEAD_WITH_Q)
    assert found.plugins["p"].on_unknown == "rerun"
    assert found.nodes["n"].operations["i.go"].on_unknown == "fail"


def test_a_thousand_types_deep():
    """A long chain is walked, not recursed into; its hierarchy is complete."""
    chain = "\n".join(f"  t{n}: {{derived_from: t{n - 1}}}" for n in range(1, 1000))
    text = f"node_types:\n  t0: {{properties: {{a: {{default: 1}}}}}}\n{chain}\nnode_templates: {{n: {{type: t999}}}}\n"
    found = node(text)
    assert len(found.type_hierarchy) == 1000
    assert found.properties == {"a": 1}


@pytest.mark.parametrize("length", [1, 2, 3, 50])
def test_a_circle_of_types_is_named(length):
    """§7: one problem, with the whole circle, whatever its length."""
    chain = "\n".join(f"  t{n}: {{derived_from: t{(n + 1) % length}}}" for n in range(length))
    (found,) = problems(f"node_types:\n{chain}\nnode_templates: {{n: {{type: t0, properties: {{x: 1}}}}}}\n")
    assert found.code == "circular-derivation"
    assert found.message.count("->") == length


def test_workflows():
    """§10: a text, or a mapping with parameters, whose defaults stay as they are written."""
    found = compiled(
        """
        workflows:
          short: p.m.f
          long:
            mapping: p.m.g
            is_cascading: true
            parameters:
              a: {type: integer, description: how many}
              b: {default: null}
              c: {default: {get_input: not_even_declared}, required: false}
        """
    ).workflows
    assert (found["short"].plugin, found["short"].function, found["short"].parameters) == ("p", "m.f", {})
    parameters = found["long"].parameters
    assert found["long"].is_cascading
    assert (parameters["a"].has_default, parameters["a"].required, parameters["a"].type) == (False, True, "integer")
    assert (parameters["b"].has_default, parameters["b"].default) == (True, None)
    assert parameters["c"].default == {"get_input": "not_even_declared"}


def test_inputs():
    """§4: a default of null is no default."""
    found = compiled("inputs: {a: {}, b: {default: null}, c: {type: string, default: 8000, required: false}}").inputs
    assert [one.has_default for one in found.values()] == [False, False, True]
    assert (found["c"].default, found["c"].required) == (8000, False)


def test_host_types():
    """§7: a type whose hierarchy has Compute is a host; what it contains, however deep, has its host_id."""
    text = """
    node_types: {Box: {derived_from: cloudify.nodes.Compute}}
    node_templates:
      app: {type: cloudify.nodes.Root, relationships: [{type: cloudify.relationships.contained_in, target: mid}]}
      mid: {type: cloudify.nodes.Root, relationships: [{type: cloudify.relationships.contained_in, target: box}]}
      box: {type: Box}
      alone: {type: cloudify.nodes.Root}
    """
    nodes = compiled(text).nodes
    assert {name: one.host_id for name, one in nodes.items()} == {
        "app": "box",
        "mid": "box",
        "box": "box",
        "alone": None,
    }
