"""Names of files that are imported under a namespace. Source: reference/blueprint-dsl.md §3."""

from textwrap import dedent

import pytest

from durable_wf.dsl.namespaces import split
from tests.dsl.kit import HEAD, codes, compiled

MAIN = dedent(
    """\
    tosca_definitions_version: cloudify_dsl_1_5
    imports: [cloudify/types/types.yaml, ns--a.yaml]
    """
)

A = """
description: plain text stays as it is
imports: [cloudify/types/types.yaml]
inputs:
  port: {default: 80}
  ports: {type: list, default: [1]}
plugins:
  p: {executor: central_deployment_agent, install: false}
node_types:
  Server:
    derived_from: cloudify.nodes.Root
    properties:
      port: {type: integer, default: {get_input: port}}
      text: {default: port}
    interfaces: {own: {go: p.module.go}}
  cloudify.acme.Shared: {derived_from: Server}
relationships:
  uses: {derived_from: cloudify.relationships.depends_on, source_interfaces: {own: {go: p.module.link}}}
node_templates:
  web:
    type: Server
    relationships:
    - {type: uses, target: db}
  db:
    type: cloudify.acme.Shared
    properties: {text: {concat: [{get_property: [SELF, port]}, {get_attribute: [web, id]}, {get_input: [ports, 0]}]}}
workflows:
  w: {mapping: p.flows.w, parameters: {port: {type: string, default: x}}}
  short: p.flows.short
outputs:
  o: {value: {get_property: [web, port]}}
"""


def test_what_is_defined_and_what_refers_to_it_get_the_prefix():
    """§3: names of sections and references to them; not `cloudify.…`, built-in names, properties, operations, text."""
    found = compiled("", MAIN, a=A)
    assert list(found.inputs) == ["ns--port", "ns--ports"]
    assert "ns--p" in found.plugins
    assert found.node_types["ns--Server"] == ("cloudify.nodes.Root", "ns--Server")
    assert found.node_types["cloudify.acme.Shared"] == ("cloudify.nodes.Root", "ns--Server", "cloudify.acme.Shared")
    web, db = found.nodes["ns--web"], found.nodes["ns--db"]
    assert web.properties["port"] == {"get_input": "ns--port"}
    assert web.properties["text"] == "port"
    assert (web.interfaces["own"]["go"].plugin, web.interfaces["own"]["go"].function) == ("ns--p", "module.go")
    assert [(one.type, one.target) for one in web.relationships] == [("ns--uses", "ns--db")]
    assert web.relationships[0].source_interfaces["own"]["go"].plugin == "ns--p"
    assert db.properties["text"] == {
        "concat": [
            {"get_property": ["SELF", "port"]},
            {"get_attribute": ["ns--web", "id"]},
            {"get_input": ["ns--ports", 0]},
        ]
    }
    assert found.workflows["ns--w"].function == "flows.w"
    assert list(found.workflows["ns--w"].parameters) == ["port"]
    assert found.workflows["ns--short"].plugin == "ns--p"
    assert found.outputs["ns--o"].value == {"get_property": ["ns--web", "port"]}


def test_the_main_file_uses_them_by_their_long_names():
    """§3: and its own names are as written."""
    found = compiled(
        """
        node_templates:
          mine:
            type: ns--Server
            properties: {port: 5}
            relationships: [{type: ns--uses, target: ns--web}]
        """,
        MAIN,
        a=A,
    )
    assert found.nodes["mine"].properties["port"] == 5
    assert found.nodes["mine"].relationships[0].target == "ns--web"


def test_namespaces_of_imports_in_imports_add_up():
    """§3: `A--B--name`; a file's own references begin at its own namespace."""
    head = "tosca_definitions_version: cloudify_dsl_1_5\nimports: [A--a.yaml]\n"
    found = compiled(
        "",
        head,
        a="imports: [B--b.yaml, c.yaml]\nnode_types: {Child: {derived_from: B--Base}, Same: {derived_from: InC}}",
        b="node_types: {Base: {properties: {x: {default: 1}}}}",
        c="node_types: {InC: {}}",
    )
    assert found.node_types == {
        "A--Child": ("A--B--Base", "A--Child"),
        "A--Same": ("A--InC", "A--Same"),
        "A--B--Base": ("A--B--Base",),
        "A--InC": ("A--InC",),
    }


def test_one_file_under_two_namespaces_is_two_sets_of_names():
    """§3: file and namespace together are read once; the plan has its hash once."""
    head = "tosca_definitions_version: cloudify_dsl_1_5\nimports: [a.yaml, one--a.yaml, two--a.yaml, b.yaml]\n"
    found = compiled("", head, a="inputs: {x: {}}", b="imports: [one--a.yaml, a.yaml]")
    assert list(found.inputs) == ["x", "one--x", "two--x"]
    assert list(found.sources) == ["main.yaml", "a.yaml", "b.yaml"]


def test_a_circle_of_namespaced_imports_ends():
    """Each turn is another namespace: the limit on files or depth ends it, with one error."""
    head = "tosca_definitions_version: cloudify_dsl_1_5\nimports: [n--a.yaml]\n"
    assert codes("", head, a="imports: [n--a.yaml]") == ["too-many-imports"]
    branching = codes("", head, a="imports: [n--b.yaml, m--b.yaml]", b="imports: [n--a.yaml, m--a.yaml]")
    assert set(branching) == {"too-many-imports"}
    assert len(branching) <= 4


def test_an_own_plugin_stands_before_a_built_in_one():
    """A mapping names the plugin of its own file, if that has one; else the built-in one."""
    own = "plugins: {script: {executor: host_agent, install: false}}\n"
    flow = "workflows: {w: script.module.w}"
    assert compiled("", MAIN, a=own + flow).workflows["ns--w"].plugin == "ns--script"
    assert compiled("", MAIN, a=flow).workflows["ns--w"].plugin == "script"


def test_scripts_of_a_namespaced_file_are_looked_for_without_the_prefix():
    """§3: `NS--scripts/x.sh` is the file scripts/x.sh."""
    node = "node_templates: {n: {type: cloudify.nodes.Root, interfaces: {i: {go: %s}}}}"
    found = compiled("", MAIN, a=node % "lib.yaml", lib="")
    assert found.nodes["ns--n"].operations["i.go"].inputs == {"script_path": "ns--lib.yaml"}
    inline = compiled("", MAIN, a=node % '"one\\ntwo"')
    assert inline.nodes["ns--n"].operations["i.go"].inputs == {"script_source": "one\ntwo"}


def test_a_misspelled_key_in_a_namespaced_file_is_one_mistake():
    """Names behind a key that is read as another one have the prefix all the same."""
    text = "node_types: {A: {}, B: {derived_form: A}}"
    assert codes("", MAIN, a=text) == ["unknown-key"]


def test_aliases_in_a_namespaced_file():
    """A value that is shared in the file gets its prefix once."""
    text = "node_types:\n  A: {}\n  B: {derived_from: &t A}\n  C: {derived_from: *t}\n"
    assert compiled("", MAIN, a=text).node_types["ns--C"] == ("ns--A", "ns--C")


def test_the_types_file_can_be_imported_by_a_namespaced_file_and_by_the_main_file():
    """§3: it has no namespace of its own, through whatever it is imported."""
    found = compiled("node_templates: {n: {type: cloudify.nodes.Root}}", HEAD.replace("]", ", ns--a.yaml]"), a=A)
    assert "cloudify.nodes.Root" in found.node_types
    assert not [name for name in found.workflows if name.startswith("ns--") and name not in {"ns--w", "ns--short"}]


@pytest.mark.parametrize(
    ("text", "namespace", "target"),
    [
        ("a.yaml", None, "a.yaml"),
        ("ns--a.yaml", "ns", "a.yaml"),
        ("ns--plugin:x?version=>=1", "ns", "plugin:x?version=>=1"),
        ("ns--https://example.org/a--b.yaml", "ns", "https://example.org/a--b.yaml"),
        ("https://example.org/a--b.yaml", None, "https://example.org/a--b.yaml"),
        ("lib/a--b.yaml", None, "lib/a--b.yaml"),
        ("./a--b.yaml", None, "./a--b.yaml"),
        ("a--b--c.yaml", "a--b", "c.yaml"),
    ],
)
def test_where_a_namespace_ends(text, namespace, target):
    """A `--` inside of a path or an address is none."""
    assert split(text) == (namespace, target)


def test_data_types_have_the_prefix_and_labels_of_others_do_not_clash():
    """§3: data types and labels are names of sections; labels of the blueprint are as written."""
    text = """
    data_types: {Size: {properties: {width: {type: integer}}}, Big: {derived_from: Size}}
    node_types: {Box: {properties: {size: {type: Big}}}}
    labels: {colour: {values: [red]}}
    blueprint_labels: {team: {values: [blue]}}
    """
    found = compiled("labels: {colour: {values: [green]}}", MAIN, a=dedent(text))
    assert "ns--Big" in found.data_types
    assert list(found.labels) == ["colour", "ns--colour"]
    assert list(found.blueprint_labels) == ["team"]


def test_what_is_added_to_an_imported_node_is_read_in_the_file_that_adds_it():
    """§3: the node's own type and targets are those of its file, those of the added relationships of the other."""
    text = """\
        node_templates:
          mine: {type: cloudify.nodes.Root}
          ns--web: {relationships: [{type: cloudify.relationships.depends_on, target: mine}]}
        """
    web = compiled(text, MAIN, a=A).nodes["ns--web"]
    assert web.type == "ns--Server"
    added = ("cloudify.relationships.depends_on", "mine")
    assert [(one.type, one.target) for one in web.relationships] == [added, ("ns--uses", "ns--db")]
    only_here = "node_templates: {ns--other: {relationships: []}}"
    assert codes(only_here, MAIN, a=A) == ["missing-key"]
    again = "node_templates: {ns--web: {relationships: []}}"
    twice = MAIN.replace("ns--a.yaml", "ns--a.yaml, b.yaml")
    assert codes(again, twice, a=A, b="node_templates: {ns--web: {type: cloudify.nodes.Root}}") == [
        "conflicting-definition"
    ]


def test_names_that_need_not_exist_have_the_namespace_too():
    """Types that a workflow asks for, and the workflows of schedules; built-in ones stay as they are."""
    found = compiled(
        "",
        MAIN,
        a="""
imports: [cloudify/types/types.yaml]
node_types: {T: {}}
workflows:
  w:
    mapping: script.module.w
    availability_rules: {node_types_required: [T, Later, cloudify.nodes.Compute]}
deployment_settings:
  default_groups: [all]
  display_name: {get_input: i}
  default_schedules:
    own: {workflow: w, since: +1d}
    built_in: {workflow: heal, since: +1d}
inputs: {i: {default: x}}
""",
    )
    rules = found.workflows["ns--w"].availability
    assert rules.node_types_required == ("ns--T", "ns--Later", "cloudify.nodes.Compute")
    settings = found.deployment_settings
    assert {name: one["workflow"] for name, one in settings["default_schedules"].items()} == {
        "own": "ns--w",
        "built_in": "heal",
    }
    assert (settings["default_groups"], settings["display_name"]) == (["all"], {"get_input": "ns--i"})


def test_functions_in_constraints_and_counts_name_inputs_of_the_namespace():
    """§3: the first argument of get_input, wherever a function may stand."""
    found = compiled(
        "",
        MAIN,
        a="""
inputs:
  most: {default: 3}
  size: {type: integer, constraints: [{less_or_equal: {get_input: most}}, {valid_values: [{get_input: most}]}]}
node_types: {T: {}}
node_templates:
  n: {type: T, capabilities: {scalable: {properties: {default_instances: {get_input: size}}}}}
groups: {g: {members: [n]}}
policies:
  p: {type: cloudify.policies.scaling, targets: [g], properties: {max_instances: {get_input: most}}}
""",
    )
    of_size = [one.argument for one in found.inputs["ns--size"].constraints]
    assert of_size == [{"get_input": "ns--most"}, [{"get_input": "ns--most"}]]
    assert found.nodes["ns--n"].scalable.default_instances == {"get_input": "ns--size"}
    assert found.scaling_groups["ns--g"].scalable.max_instances == {"get_input": "ns--most"}
