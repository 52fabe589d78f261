"""`deployments list|show|instances|topology|outputs` with `--at`: trees, pictures, and points in history."""

import re
from xml.etree import ElementTree as ET

import pytest

from tests.cli.kit import fitting

BLUEPRINT = """\
tosca_definitions_version: cloudify_dsl_1_5
imports: [cloudify/types/types.yaml]
plugins:
  shop: {executor: central_deployment_agent, install: false}
node_types:
  shop.App:
    derived_from: cloudify.nodes.Root
    interfaces: {life: {make: shop.shop_plugin.make}}
node_templates:
  net: {type: cloudify.nodes.Root}
  vm:
    type: cloudify.nodes.Compute
    relationships: [{type: cloudify.relationships.connected_to, target: net}]
  app:
    type: shop.App
    instances: {deploy: 2}
    relationships:
      - {type: cloudify.relationships.contained_in, target: vm}
      - {type: cloudify.relationships.connected_to, target: net}
groups:
  web: {members: [vm]}
  loose: {members: [net]}
policies:
  s: {type: cloudify.policies.scaling, targets: [web], properties: {default_instances: 2}}
workflows:
  begin: {mapping: shop.shop_plugin.begin, parameters: {fails: {default: true}, state: {default: started}}}
outputs:
  net: {value: {get_attribute: [net, made]}}
capabilities:
  net: {value: {get_attribute: [net, made]}}
"""

PLUGIN = """\
from cloudify import ctx
from cloudify.decorators import operation, workflow

@operation(resumable=True)
def make(**_):
    ctx.instance.runtime_properties["place"] = "/srv/shop"

@workflow
def begin(ctx, fails, state, **_):
    for name in ("net", "vm"):
        for instance in ctx.get_node(name).instances:
            instance.set_state("started").get()
    (net,) = ctx.get_node("net").instances
    ctx.update_node_instance(net.id, net.version, runtime_properties={"made": True}, force=True)
    apps = sorted(ctx.get_node("app").instances, key=lambda one: one._node_instance.index)
    for instance in apps:
        instance.set_state("starting").get()
        if fails and instance is apps[-1]:
            raise RuntimeError("no more room")
        instance.execute_operation("life.make").get()
        instance.set_state(state).get()
"""


@pytest.fixture
def shop(inside, tmp_path):
    """Makes the deployment."""
    (tmp_path / "shop_plugin.py").write_text(PLUGIN)

    def make(apps=2):
        (tmp_path / "shop.yaml").write_text(BLUEPRINT.replace("deploy: 2", f"deploy: {apps}"))
        inside("deployments", "create", tmp_path / "shop.yaml", "-d", "shop")

    return make


def shown(text):
    """Lines of a tree, without what is by chance."""
    lines = re.sub(r"_[a-z0-9]{6}\b", "_123456", text).splitlines()
    return lines[lines.index("") + 1 :] if "" in lines else lines


def test_a_deployment_is_shown_as_a_tree_and_what_is_not_as_expected_is_marked(inside, shop):
    shop()
    inside("run", "begin", "-d", "shop", code=1)
    said = inside("deployments", "show", "shop").stdout
    assert shown(said) == [
        "NODE                 TYPE      STATE",
        "net                  Root      ×1",
        "└─ net_123456                  started",
        "(web)                group     ×2",
        "└─ vm                Compute   ×2        → connected_to net",
        "   ├─ vm_123456                started",
        "   ├─ vm_123456                started",
        "   └─ app            shop.App  ×4        → connected_to net",
        "      ├─ app_123456            started",
        "      ├─ app_123456            started",
        "      ├─ app_123456            started",
        "      └─ app_123456            starting  ! left so: nothing works on it",
        "(loose)              group               net",
    ]
    assert "instances    6 started, 1 starting\n" in said
    assert re.search(r"^last run     [0-9a-f]{12}  begin  failed$", said, re.MULTILINE)
    assert "last run" not in inside("deployments", "show", "shop", "--at", "1").stdout
    detail = inside.json("deployments", "show", "shop")
    assert (detail["states"], detail["at"], detail["deleted_at"]) == ({"started": 6, "starting": 1}, None, None)
    assert [one["name"] for one in detail["groups"]] == ["loose", "web"]
    assert sum(one["unexpected"] is not None for one in detail["instances"]) == 1


def test_instances_stand_below_what_they_are_contained_in(inside, shop):
    shop()
    inside("run", "begin", "-d", "shop", code=1)
    lines = shown(inside("deployments", "instances", "shop").stdout)
    assert [line.split()[:3] for line in lines[:4]] == [
        ["INSTANCE", "NODE", "STATE"], ["net_123456", "net", "started"], ["vm_123456", "vm", "started"],
        ["├─", "app_123456", "app"],
    ]  # fmt: skip
    assert "place=/srv/shop" in lines[3]
    whole = shown(inside("deployments", "instances", "shop", "-v").stdout)
    assert "│     place = /srv/shop" in whole
    assert "      ! left so: nothing works on it" in whole
    ids = inside("deployments", "instances", "shop", "-q").stdout.split()
    assert ids == [one["id"] for one in inside.json("deployments", "instances", "shop")["items"]]


def test_many_instances_of_a_node_are_folded_unless_more_is_wanted(inside, shop):
    shop(apps=5)
    inside("run", "begin", "-d", "shop", code=1)
    lines = shown(inside("deployments", "show", "shop").stdout)
    assert [line.split() for line in lines if "app_123456" in line or "…" in line] == [
        ["├─", "app_123456", "starting", "!", "left", "so:", "nothing", "works", "on", "it"],
        ["└─", "…", "9", "more", "started"],
    ]
    assert sum("app_123456" in line for line in shown(inside("deployments", "show", "shop", "-v").stdout)) == 10


def test_the_list_says_states_and_the_last_execution(inside, shop):
    shop()
    assert "7 uninitialized" in inside("deployments", "list").stdout
    inside("run", "begin", "-d", "shop", "-p", "fails=false")
    (head, line) = inside("deployments", "list").stdout.splitlines()
    assert head.split() == ["DEPLOYMENT", "BLUEPRINT", "NODES", "INSTANCES", "LAST", "EXECUTION", "CREATED", "(UTC)"]
    assert line.split()[:6] == ["shop", "shop", "3", "7", "started", inside.uid()]
    (found,) = inside.json("deployments", "list")["items"]
    assert (found["node_count"], found["states"], found["last_execution"]["state"]) == (3, {"started": 7}, "terminated")


@pytest.mark.parametrize("verb", ["show", "instances", "topology", "outputs", "capabilities"])
def test_every_look_may_be_at_a_point_also_of_what_was_deleted(inside, shop, verb):
    shop()
    inside("run", "begin", "-d", "shop", "-p", "fails=false")
    last = inside.json("journal", inside.uid())["items"][-1]["seq"]
    now = inside.json("deployments", verb, "shop")
    then = inside("deployments", verb, "shop", "--at", "1")
    assert ("started" in then.stdout) is False
    assert then.stderr == ""
    inside("deployments", "delete", "shop")
    gone = inside("deployments", verb, "shop", code=7).stderr
    assert "there is no deployment 'shop' any more: it was deleted 2" in gone
    assert f"--at {last} looks at it as it was" in gone
    done = inside("deployments", verb, "shop", "--at", last, "--json")
    found = fitting(done.stdout, f"deployments {verb}")
    differing = {"at", "deleted_at"}
    assert {key: value for key, value in found.items() if key not in differing} == {
        key: value for key, value in now.items() if key not in differing
    }
    assert "deployment 'shop' is not there any more: it was deleted 2" in done.stderr


@pytest.mark.parametrize(
    ("at", "code", "text"),
    [
        ("0", 7, "deployment 'shop' was not there at that point"),
        ("1999-12-31", 7, "it was there from seq 1 ("),
        ("77", 2, "seq 77 is not there yet"),
        ("yesterday", 2, "'yesterday' is neither a seq nor a time"),
        ("2026-02-31", 2, "there is no such time"),
    ],
)
def test_a_point_that_is_none_gives_one_clear_error(inside, shop, at, code, text):
    shop()
    for verb in ("show", "instances", "topology", "outputs"):
        done = inside("deployments", verb, "shop", "--at", at, code=code)
        assert text in done.stderr
        assert (done.stdout, done.stderr.count("error: ")) == ("", 1)


def test_a_shown_time_is_a_point(inside, shop):
    """Times are shown cut to the second; a point means the whole second, so that what was just made is found."""
    shop()
    created = re.search(r"created      (\S+ \S+) UTC", inside("deployments", "show", "shop").stdout)[1]
    assert inside.json("deployments", "show", "shop", "--at", created)["node_instances"] == 7


def test_a_topology_is_drawn_as_it_is(inside, shop, tmp_path):
    shop()
    inside("run", "begin", "-d", "shop", code=1)
    lines = shown(inside("deployments", "topology", "shop").stdout)
    assert lines == [
        "INSTANCE          TYPE      STATE",
        "net_123456        Root      started",
        "(web_123456)      group",
        "└─ vm_123456      Compute   started   → connected_to net_123456",
        "   ├─ app_123456  shop.App  started   → connected_to net_123456",
        "   └─ app_123456  shop.App  started   → connected_to net_123456",
        "(web_123456)      group",
        "└─ vm_123456      Compute   started   → connected_to net_123456",
        "   ├─ app_123456  shop.App  started   → connected_to net_123456",
        "   └─ app_123456  shop.App  starting  → connected_to net_123456",
        "         ! left so: nothing works on it",
    ]
    done = inside("deployments", "topology", "shop", "-o", "now.svg")
    assert (done.stdout, done.stderr) == ("", "written: now.svg\n")
    root = ET.fromstring((tmp_path / "now.svg").read_text())  # noqa: S314 - it is our own
    assert sum(one.tag.endswith("polygon") for one in root.iter()) == 1, "the instance that is not as expected"
    inside("deployments", "topology", "shop", "-o", "then.svg", "--at", "1")
    assert "started" not in (tmp_path / "then.svg").read_text()
    assert inside("deployments", "topology", "shop", "--format", "dot").stdout.startswith("digraph")
    assert ":::started" in inside("deployments", "topology", "shop", "-o", "-", "--format", "mermaid").stdout
    inside("deployments", "topology", "shop", "-o", "now.json")
    assert fitting((tmp_path / "now.json").read_text(), "deployments topology") == inside.json(
        "deployments", "topology", "shop"
    )


@pytest.mark.parametrize(
    ("more", "code", "text"),
    [
        (["-o", "t.png"], 2, "the suffix tells no format"),
        (["--format", "svg", "--json"], 2, "both want standard output"),
        (["-o", "nowhere/t.svg"], 10, "nowhere/t.svg cannot be written"),
        (["--format", "png"], 2, "png"),
    ],
)
def test_a_picture_that_cannot_be_made_gives_one_clear_error(inside, shop, more, code, text):
    shop()
    assert text in inside("deployments", "topology", "shop", *more, code=code).stderr


def test_what_an_author_calls_a_state_cannot_move_the_terminal(inside, shop, tmp_path):
    shop()
    inside("run", "begin", "-d", "shop", "-p", "fails=false", "-p", 'state="\\e[2J<b>"')
    for verb in ("show", "instances", "topology", "list"):
        words = ["deployments", verb, *([] if verb == "list" else ["shop"])]
        said = inside(*words).stdout
        assert "\x1b" not in said
        assert "\\x1b[2J<b>" in said
    inside("deployments", "topology", "shop", "-o", "t.svg")
    assert "[2J&lt;b&gt;" in (tmp_path / "t.svg").read_text()
