"""`plan`: as lines, as JSON, as pictures, and what it refuses."""

import json
from xml.etree import ElementTree as ET

import pytest

from tests.cli.kit import fitting

GROUPED = """\
tosca_definitions_version: cloudify_dsl_1_5
imports: [cloudify/types/types.yaml]
inputs: {pairs: {type: integer}}
node_templates:
  vm: {type: cloudify.nodes.Compute}
  ip: {type: cloudify.nodes.Root}
  app:
    type: cloudify.nodes.Root
    relationships: [{type: cloudify.relationships.contained_in, target: vm}]
groups:
  pair: {members: [vm, ip, app], policies: {p: {type: watch}}}
  all: {members: [pair]}
policies:
  s: {type: cloudify.policies.scaling, targets: [pair], properties: {default_instances: {get_input: pairs}}}
policy_types: {watch: {source: watch.clj}}
outputs: {size: {value: {get_input: pairs}}}
"""

WORKFLOWS = (
    "install, uninstall, reinstall, start, stop, restart, execute_operation, check_status, check_drift, pull, heal, "
    "scale, rollback"
)
LATER = "install_new_agents, validate_agents"


@pytest.fixture
def grouped(tmp_path):
    path = tmp_path / "grouped.yaml"
    path.write_text(GROUPED)
    return path


def test_a_plan_for_a_person(inside, grouped):
    """Nodes with how many instances they get, groups, and what is only kept; no journal is made."""
    done = inside("plan", grouped, "-i", "pairs=2")
    assert done.stdout.splitlines() == [
        "NODE  TYPE                    INSTANCES  HOST",
        "vm    cloudify.nodes.Compute  2          vm",
        "ip    cloudify.nodes.Root     2",
        "app   cloudify.nodes.Root     2          vm",
        "",
        "GROUP  INSTANCES  MEMBERS",
        "pair   2          vm, ip",
        "all               pair",
        "",
        f"6 node instances, 2 relationships between them; workflows: {WORKFLOWS}",
        "",
        "INSTALL  NODES   INSTANCES  OPERATIONS OF EACH",
        "1        vm, ip  4          nothing",
        "2        app     2          nothing",
    ]
    assert done.stderr == ""
    whole = inside("plan", grouped, "-i", "pairs=2", "-v").stdout
    assert f"{WORKFLOWS}; those of the built-in types cannot be run yet: {LATER}\n" in whole
    note = "note: grouped.yaml:11:34: groups.pair.policies: kept in the plan, but nothing acts on it"
    assert note in inside("plan", grouped, "-i", "pairs=2", "-v").stderr
    assert not inside.journal.exists()


def test_a_plan_as_data(inside, grouped, blueprint):
    """Under the reference's names; the same text each time."""
    found = inside.json("plan", grouped, "-i", "pairs=2")
    assert [(one["id"], one["host_id"]) for one in found["nodes"]] == [("vm", "vm"), ("ip", None), ("app", "vm")]
    app = found["node_instances"][4]
    assert (app["node_id"], app["index"], app["scaling_groups"]) == ("app", 1, [])
    vm = next(one for one in found["node_instances"] if one["id"] == app["host_id"])
    assert app["relationships"][0]["target_id"] == vm["id"]
    assert vm["scaling_groups"] == [{"name": "pair", "id": "pair_000001"}]
    assert found["groups"][0] == {
        "name": "pair", "members": ["vm", "ip"], "policy": "s", "container": None, "planned_instances": 2,
        "min_instances": 0, "max_instances": -1,
    }  # fmt: skip
    assert found["groups"][1]["policy"] is None
    assert (found["inputs"], found["outputs"]) == ({"pairs": 2}, {"size": 2})
    assert inside.json("plan", grouped, "-i", "pairs=2") == found
    (operation,) = inside.json("plan", blueprint)["nodes"][1]["operations"]
    assert (operation["name"], operation["operation"]) == ("life.make", "small_plugin.make")


@pytest.mark.parametrize(
    ("name", "begin"),
    [("p.json", "{"), ("p.svg", "<svg"), ("p.dot", "digraph"), ("p.GV", "digraph"), ("p.mmd", "flowchart"),
     ("p.mermaid", "flowchart")],
)  # fmt: skip
def test_the_suffix_tells_the_format(inside, grouped, tmp_path, name, begin):
    done = inside("plan", grouped, "-i", "pairs=2", "-o", name)
    text = (tmp_path / name).read_text()
    assert text.startswith(begin)
    assert text.endswith("\n")
    assert done.stdout == ""
    assert f"written: {name}" in done.stderr
    if begin == "{":
        assert fitting(text, "plan") == inside.json("plan", grouped, "-i", "pairs=2")
    if begin == "<svg":
        assert ET.fromstring(text).tag.endswith("svg")  # noqa: S314 - our own text


def test_the_format_can_be_said(inside, grouped, tmp_path):
    """Over the suffix; and for standard output, where JSON is what is written if nothing is said."""
    inside("plan", grouped, "-i", "pairs=2", "-o", "plan.txt", "--format", "dot")
    assert (tmp_path / "plan.txt").read_text() == inside("plan", grouped, "-i", "pairs=2", "--format", "dot").stdout
    assert inside("plan", grouped, "-i", "pairs=2", "-o", "-", "--format", "mermaid").stdout.startswith("flowchart")
    assert json.loads(inside("plan", grouped, "-i", "pairs=2", "-o", "-").stdout)["schema_version"] == 1


def test_json_on_standard_output_and_a_picture_in_a_file(inside, grouped, tmp_path):
    """Both, if both are asked for."""
    assert inside.json("plan", grouped, "-i", "pairs=2", "-o", "p.svg")["inputs"] == {"pairs": 2}
    assert (tmp_path / "p.svg").exists()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["-o", "plan.txt"], "the suffix tells no format"),
        (["-o", "grouped.yaml", "--format", "json"], "this is the blueprint"),
        (["--json", "--format", "svg"], "both want standard output"),
        (["--format", "png"], "--format"),
    ],
)
def test_what_cannot_be_written_is_a_usage_error(inside, grouped, tmp_path, arguments, text):
    before = sorted(tmp_path.iterdir())
    done = inside("plan", grouped, "-i", "pairs=2", *arguments, code=2)
    assert text in done.stderr
    assert done.stdout == ""
    assert (sorted(tmp_path.iterdir()), grouped.read_text()) == (before, GROUPED)


def test_a_file_that_cannot_be_written_ends_with_10(inside, grouped):
    done = inside("plan", grouped, "-i", "pairs=2", "-o", "nowhere/plan.json", code=10)
    assert "nowhere/plan.json cannot be written" in done.stderr


def test_a_bad_blueprint_or_input_ends_with_3_and_writes_nothing(inside, grouped, tmp_path):
    assert "the input 'pairs' is missing" in inside("plan", grouped, "-o", "p.svg", code=3).stderr
    assert "policies.s.properties" in inside("plan", grouped, "-i", "pairs=-1", "-o", "p.svg", code=3).stderr
    grouped.write_text(GROUPED.replace("target: vm", "target: vw"))
    assert "[unknown-target]" in inside("plan", grouped, "-i", "pairs=2", "-o", "p.svg", code=3).stderr
    assert not (tmp_path / "p.svg").exists()


def test_names_are_shown_without_what_a_terminal_obeys(inside, tmp_path):
    """A blueprint cannot paint the terminal."""
    path = tmp_path / "b.yaml"
    text = GROUPED.replace("pairs: {type: integer}", "pairs: {default: 1}")
    path.write_text(text.replace("  ip:", '  "i\\u009bp":').replace(" ip,", ' "i\\u009bp",'))
    assert "i\\x9bp" in inside("plan", path).stdout


def test_the_order_of_an_install_of_1000_instances_is_at_most_100_lines(inside, tmp_path):
    """What is alike is one line, be it instances of one node or nodes of one kind."""
    tiers = "".join(
        f"  tier{n}: {{type: App, instances: {{deploy: 10}}, relationships: [{{type: linked, target: base}}]}}\n"
        for n in range(50)
    )
    (tmp_path / "many.yaml").write_text(f"""\
tosca_definitions_version: cloudify_dsl_1_5
imports: [cloudify/types/types.yaml]
plugins: {{small: {{executor: central_deployment_agent, install: false}}}}
node_types:
  App:
    derived_from: cloudify.nodes.Root
    interfaces: {{cloudify.interfaces.lifecycle: {{create: small.small_plugin.make, start: small.small_plugin.make}}}}
relationships:
  linked:
    derived_from: cloudify.relationships.connected_to
    source_interfaces: {{cloudify.interfaces.relationship_lifecycle: {{establish: small.small_plugin.make}}}}
node_templates:
  base: {{type: App}}
  many: {{type: App, instances: {{deploy: 500}}, relationships: [{{type: linked, target: base}}]}}
{tiers}""")
    (tmp_path / "small_plugin.py").write_text("def make(**_): raise RuntimeError('nothing of it is run')\n")
    lines = inside("plan", "many.yaml").stdout.splitlines()
    assert lines[-3:] == [
        "INSTALL  NODES                                  INSTANCES  OPERATIONS OF EACH",
        "1        base                                   1          create, start",
        "2        many, tier0, tier1, tier2 and 47 more  1000       create, start, establish",
    ]
    assert len(lines) <= 100
    order = inside.json("plan", "many.yaml")["install_order"]
    assert [(one["position"], one["instances"], len(one["nodes"])) for one in order] == [(1, 1, 1), (2, 1000, 51)]


def test_a_long_chain_is_cut_and_the_rest_is_counted(inside, tmp_path):
    links = "".join(
        f"  n{n}: {{type: T, relationships: [{{type: cloudify.relationships.depends_on, target: n{n - 1}}}]}}\n"
        for n in range(1, 70)
    )
    (tmp_path / "chain.yaml").write_text(
        "tosca_definitions_version: cloudify_dsl_1_5\nimports: [cloudify/types/types.yaml]\n"
        "node_types: {T: {derived_from: cloudify.nodes.Root}}\nnode_templates:\n  n0: {type: T}\n" + links
    )
    assert inside("plan", "chain.yaml").stdout.splitlines()[-1] == "… and 10 more stages; all of them: --json"
