"""Data types: merging, completing, checking, and what they may not be. Source: reference/blueprint-dsl.md §5, §6."""

import pytest

from durable_wf.dsl.data_types import DataTypes, Filling, Spot
from durable_wf.dsl.problems import Place, Report
from durable_wf.dsl.source import located, plain
from durable_wf.model.declarations import Parameter
from durable_wf.model.plan import Blueprint, from_json, to_json
from tests.dsl.kit import codes, compiled, deployed, problems

ABC = """
data_types:
  D: {properties: {a: {required: false}, b: {required: false}, c: {required: false}}}
node_types:
  Parent: {properties: {x: {type: D, default: {a: 5}}}}
  Child: {derived_from: Parent, properties: {x: {type: D, default: {b: 7}}}}
  Silent: {derived_from: Parent, properties: {x: {type: D}}}
  Other: {derived_from: Child, properties: {x: {type: dict, default: {d: 1}}}}
node_templates:
  child: {type: Child, properties: {x: {c: 9}}}
  default: {type: Child}
  silent: {type: Silent}
  over: {type: Child, properties: {x: {a: 1}}}
  other: {type: Other, properties: {x: {e: 2}}}
"""


def test_defaults_of_parent_child_and_node_are_merged():
    """§6: `{a:5}` in the parent type, `{b:7}` in the child, `{c:9}` in the node: all three; a dict is replaced."""
    found = {name: node.properties["x"] for name, node in compiled(ABC).nodes.items()}
    assert found == {
        "child": {"a": 5, "b": 7, "c": 9},
        "default": {"a": 5, "b": 7},
        "silent": {"a": 5},
        "over": {"a": 1, "b": 7},
        "other": {"e": 2},
    }


NESTED = """
data_types:
  Inner: {properties: {p: {type: integer, default: 1}, q: {type: dict, default: {k: 1}}, r: {default: null}}}
  Outer: {properties: {inner: {type: Inner}, s: {default: [1]}, plain: {type: dict, default: {}}}}
node_types:
  T: {properties: {x: {type: Outer}, y: {type: Outer, default: {inner: {p: 2}, plain: {a: 1}}}}}
node_templates:
  empty: {type: T}
  given: {type: T, properties: {x: {inner: {q: {z: 1}}}, y: {inner: {q: {}}, plain: {b: 2}}}}
"""


def test_defaults_are_filled_in_at_every_level():
    """§5: also where the property itself is absent; level by level for data types, whole for anything else."""
    nodes = compiled(NESTED).nodes
    filled = {"inner": {"p": 1, "q": {"k": 1}, "r": None}, "s": [1], "plain": {}}
    assert nodes["empty"].properties["x"] == filled
    assert nodes["empty"].properties["y"] == {**filled, "inner": {**filled["inner"], "p": 2}, "plain": {"a": 1}}
    assert nodes["given"].properties["x"]["inner"] == {"p": 1, "q": {"z": 1}, "r": None}
    assert nodes["given"].properties["y"] == {
        "inner": {"p": 2, "q": {}, "r": None},
        "s": [1],
        "plain": {"b": 2},
    }


def test_a_type_derived_from_another_has_its_properties():
    """§5: the child's schema replaces the parent's by property; defaults of one data type are completed."""
    found = compiled(
        """
        data_types:
          In: {properties: {a: {required: false}, b: {required: false}}}
          A: {properties: {n: {type: integer, default: 1}, m: {type: string}, i: {type: In, default: {a: 1}}}}
          B: {derived_from: A, properties: {m: {default: text}, i: {type: In, default: {b: 2}}}}
        node_types: {T: {properties: {x: {type: B}}}}
        node_templates: {n: {type: T}}
        """
    )
    assert found.nodes["n"].properties["x"] == {"n": 1, "m": "text", "i": {"a": 1, "b": 2}}
    assert found.data_types["B"].hierarchy == ("A", "B")
    assert found.data_types["B"].properties["i"].default == {"a": 1, "b": 2}


def test_what_is_not_required_and_cannot_be_made_is_absent():
    """A property that may be missing is not made half, with a required key missing in it."""
    text = """
    data_types:
      D: {properties: {a: {}, b: {default: 1}}}
      E: {properties: {d: {type: D, default: {b: 2}}}}
      F: {properties: {d: {type: D, default: {a: 2}}}}
    node_types:
      T:
        properties: {x: {type: D, required: false}, y: {type: E, required: false}, z: {type: F, required: false}}
    node_templates: {n: {type: T}}
    """
    assert compiled(text).nodes["n"].properties == {"z": {"d": {"a": 2, "b": 1}}}


def test_missing_keys_are_named_by_their_path():
    """§5: code 107, with a path like x.a, at the value that lacks it."""
    text = """
    data_types: {D: {properties: {a: {}}}, E: {properties: {d: {type: D}}}}
    node_types: {T: {properties: {x: {type: E}}}}
    node_templates:
      n: {type: T, properties: {x: {d: {}}}}
    """
    (one,) = problems(text)
    assert (one.code, one.path) == ("missing-property", "node_templates.n.properties.x.d")
    assert "'x.d.a'" in one.message
    assert (one.line, one.column) == (9, 36)


def test_what_exists_elsewhere_lacks_nothing_in_its_data_types():
    """§6: `use_external_resource: true` switches the required check off at every level."""
    text = """
    data_types: {D: {properties: {a: {}, b: {default: 1}}}}
    node_types: {T: {properties: {use_external_resource: {default: true}, x: {type: D}}}}
    node_templates: {n: {type: T, properties: {x: {}}}, m: {type: T}}
    """
    nodes = compiled(text).nodes
    assert nodes["n"].properties["x"] == {"b": 1}
    assert "x" not in nodes["m"].properties


@pytest.mark.parametrize("value", ["{get_input: i}", "{d: {get_input: i}}", "{d: {a: {get_input: i}}}"])
def test_functions_are_checked_by_nobody_before_they_are_evaluated(value):
    """§4: a function fits any type, at any level."""
    text = f"""
    inputs: {{i: {{}}}}
    data_types: {{D: {{properties: {{a: {{type: integer}}}}}}, E: {{properties: {{d: {{type: D}}}}}}}}
    node_types: {{T: {{properties: {{x: {{type: E}}}}}}}}
    node_templates: {{n: {{type: T, properties: {{x: {value}}}}}}}
    """
    assert codes(text) == []


def test_self_in_a_default_is_the_node_that_has_it():
    """A default is shared by all nodes of a type; what functions in it mean is each node's own."""
    text = """
    data_types: {D: {properties: {name: {default: {get_property: [SELF, title]}}}}}
    node_types: {T: {properties: {title: {}, x: {type: D}}}}
    node_templates: {a: {type: T, properties: {title: A}}, b: {type: T, properties: {title: B}}}
    """
    nodes = deployed(text).nodes
    assert [node.properties["x"] for node in nodes.values()] == [{"name": "A"}, {"name": "B"}]


def test_relationships_have_data_types_too():
    """§6: one schema for all."""
    text = """
    data_types: {D: {properties: {a: {default: 1}}}}
    relationships: {R: {derived_from: cloudify.relationships.connected_to, properties: {x: {type: D}}}}
    node_templates:
      a: {type: cloudify.nodes.Root, relationships: [{type: R, target: b}, {type: R, target: b, properties: {x: 5}}]}
      b: {type: cloudify.nodes.Root}
    """
    (one,) = problems(text)
    assert (one.code, one.path) == ("value-mismatch", "node_templates.a.relationships[1].properties.x")
    found = compiled(text.replace("x: 5", "x: {}"))
    assert [link.properties["x"] for link in found.nodes["a"].relationships] == [{"a": 1}, {"a": 1}]


@pytest.mark.parametrize("length", [1, 2, 40])
def test_types_made_of_each_other_are_named(length):
    """§5: code 100 with the whole circle, once; what uses them is not reported as well."""
    chain = "".join(f"  T{n}: {{properties: {{x: {{type: T{(n + 1) % length}}}}}}}\n" for n in range(length))
    nodes = "node_types: {N: {properties: {x: {type: T0}}}}\nnode_templates: {n: {type: N}}\n"
    found = problems(f"data_types:\n{chain}{nodes}")
    assert found[0].code == "circular-data-types"
    assert found[0].message.count("->") == length
    assert [one.code for one in found[1:]] == ["missing-property"]  # the last of the chain is required and not given


def test_a_type_that_is_in_its_parents_property_is_a_circle():
    """Inherited properties count."""
    text = "data_types: {A: {derived_from: B}, B: {properties: {a: {type: A, required: false}}}}"
    assert codes(text) == ["circular-data-types"]


def test_a_chain_of_types_is_only_so_deep():
    """reliability.md §2c: what a few lines would nest without end is refused, and nothing is recursed into."""
    chain = "".join(f"  T{n}: {{properties: {{x: {{type: T{n + 1}}}}}}}\n" for n in range(1000))
    found = problems(f"data_types:\n{chain}  T1000: {{properties: {{x: {{default: 1}}}}}}\n")
    assert {one.code for one in found} == {"too-deep"}
    chain = "".join(f"  T{n}: {{properties: {{x: {{type: T{n + 1}}}}}}}\n" for n in range(60))
    assert codes(f"data_types:\n{chain}  T60: {{properties: {{x: {{default: 1}}}}}}\n") == []


def test_a_bomb_of_types_is_refused():
    """Two of each in each: 2 ** 40 values out of forty lines."""
    lines = "".join(f"  T{n}: {{properties: {{a: {{type: T{n + 1}}}, b: {{type: T{n + 1}}}}}}}\n" for n in range(40))
    found = problems(f"data_types:\n{lines}  T40: {{properties: {{x: {{default: 1}}}}}}\n")
    assert {one.code for one in found} == {"too-many-values"}


def test_many_nodes_of_a_large_type_are_refused():
    """A million values made of defaults are the most."""
    type_ = "".join(f"p{n}: {{default: 1}}, " for n in range(2000))
    nodes = "".join(f"  n{n}: {{type: T}}\n" for n in range(501))
    text = f"data_types: {{D: {{properties: {{{type_}}}}}}}\nnode_types: {{T: {{properties: {{x: {{type: D}}}}}}}}\n"
    assert codes(f"{text}node_templates:\n{nodes}") == ["too-many-values"]
    assert codes(f"{text}node_templates:\n  n0: {{type: T}}\n") == []


def test_a_type_of_another_file_may_be_unread():
    """Where a file could not be read, its data types are not called unknown."""
    text = """
    imports: [nowhere.yaml]
    node_types: {T: {properties: {x: {type: D}}}}
    node_templates: {n: {type: T, properties: {x: {a: 1}}}}
    """
    assert codes(text, head="tosca_definitions_version: cloudify_dsl_1_5\n") == ["import-not-found"]


def test_the_plan_keeps_them():
    """They are stored in the journal, and values are completed from what was stored."""
    found = compiled(NESTED)
    again = from_json(Blueprint, to_json(found))
    assert again.data_types == found.data_types
    types = DataTypes.of_plan(again.data_types)
    report = Report()
    value = types.filled("Outer", located({"s": 5}, NOWHERE), Spot(NOWHERE, "", "", ""), Filling(report))
    assert plain(value) == {"inner": {"p": 1, "q": {"k": 1}, "r": None}, "s": 5, "plain": {}}
    assert not report.problems


NOWHERE = Place("", 0, 0)


def test_a_typed_input_of_an_operation_is_checked_when_it_is_evaluated():
    """§8: `{get_input: x}` gets the declared type beside it; a data type's is checked like any."""
    text = """
    inputs: {i: {}}
    data_types: {D: {properties: {a: {type: integer}}}}
    node_types:
      T: {interfaces: {i: {go: {implementation: p.go, inputs: {x: {type: D, default: {get_input: i}}}}}}}
    node_templates: {n: {type: T}}
    """
    assert deployed(text, {"i": {"a": 1}}).nodes["n"].operations["i.go"].inputs == {"x": {"a": 1}}
    with pytest.raises(Exception, match="does not fit the type 'D'"):
        deployed(text, {"i": {"a": "one"}})


def test_what_operations_will_set_is_kept_for_people():
    """§6: `runtime_properties` of a node type; types of one's own stand there too."""
    text = """
    data_types: {D: {}}
    node_types: {T: {runtime_properties: {ip: {type: D, description: Where.}}}, U: {}}
    """
    (found,) = compiled(text).runtime_properties.items()
    assert found == ("T", {"ip": Parameter("D", "Where.")})
    assert codes(text.replace("type: D,", "type: E,")) == ["unknown-type"]
