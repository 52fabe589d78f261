"""`modifications …`, and what `show`, `journal` and `verify` say of them."""

import pytest

BLUEPRINT = """\
tosca_definitions_version: cloudify_dsl_1_5
imports: [cloudify/types/types.yaml]
plugins:
  small: {executor: central_deployment_agent, install: false}
node_templates:
  page: {type: cloudify.nodes.Root, instances: {deploy: 2}}
workflows:
  leaves: small.leaving_plugin.leaves
  finishes: small.leaving_plugin.finishes
"""
PLUGIN = """\
from cloudify.decorators import workflow

@workflow
def leaves(ctx, **_):
    ctx.deployment.start_modification({"page": {"instances": 3}})
    raise ValueError("the modification stays started")

@workflow
def finishes(ctx, **_):
    ctx.deployment.start_modification({"page": {"instances": 1}}).finish()
"""


@pytest.fixture
def deployed(inside, tmp_path):
    """A deployment `shop`, whose workflow has left a modification started; gives its id and the program."""
    (tmp_path / "blueprint.yaml").write_text(BLUEPRINT)
    (tmp_path / "leaving_plugin.py").write_text(PLUGIN)
    inside("deployments", "create", "blueprint.yaml", "-d", "shop")
    inside("run", "leaves", "-d", "shop", code=1)
    return inside.json("modifications", "list")["items"][0]["id"]


def pages(inside):
    return len(inside.json("deployments", "instances", "shop")["items"])


def test_a_journal_without_any_says_so(inside):
    assert "no modifications in" in inside("modifications", "list").stderr
    assert inside.json("modifications", "list")["items"] == []
    assert "there is no modification 'x'" in inside("modifications", "rollback", "x", code=7).stderr
    assert not inside.journal.exists()


def test_they_are_listed_with_who_started_them(inside, deployed):
    (found,) = inside.json("modifications", "list", "-d", "shop")["items"]
    assert (found["deployment_id"], found["status"], found["ended_at"]) == ("shop", "started", None)
    assert found["execution_id"] == inside.uid()
    assert f"{deployed}  shop        started" in inside("modifications", "list").stdout
    assert inside("modifications", "list", "-q").stdout.split() == [deployed]
    assert "there is no deployment 'shpo'" in inside("modifications", "list", "-d", "shpo", code=7).stderr


def test_one_is_shown_with_its_steps_and_what_it_changes(inside, deployed):
    found = inside.json("modifications", "show", deployed[:7])
    assert found["modified_nodes"] == {"page": {"instances": 3}}
    assert [(one["kind"], one["state"]) for one in found["steps"]] == [("apply", "done"), ("finish", "pending")]
    (added,) = found["node_instances"]["added_and_related"]
    assert (added["node_id"], added["modification"]) == ("page", "added")
    assert found["context"]["workflow_id"] == "leaves"
    said = inside("modifications", "show", deployed).stdout
    assert 'asked for    page: {"instances": 3}' in said
    assert f"to end it: durable-wf modifications finish {deployed}, or rollback {deployed}" in said
    assert "there is no modification 'nope'" in inside("modifications", "show", "nope", code=7).stderr


@pytest.mark.parametrize(("verb", "status", "count"), [("finish", "finished", 3), ("rollback", "rolledback", 2)])
def test_a_person_ends_one(inside, deployed, verb, status, count):
    assert pages(inside) == 3
    said = inside("modifications", verb, deployed).stderr
    assert f"modification '{deployed}' of deployment 'shop' is {status}" in said
    assert pages(inside) == count
    found = inside.json("modifications", "show", deployed)
    assert (found["status"], found["ended_by"]) == (status, None)
    assert "by a person" in inside("modifications", "show", deployed).stdout
    refused = inside("modifications", verb, deployed, code=2).stderr
    assert f"it is {status} already" in refused
    assert inside.json("verify")["items"] == []


def test_a_second_workflow_cannot_start_another_one(inside, deployed):
    said = inside("run", "finishes", "-d", "shop", code=1).stderr
    assert f"started ones of the same deployment: {deployed}" in said
    inside("modifications", "finish", deployed)
    inside("run", "finishes", "-d", "shop")
    assert pages(inside) == 1


def test_the_journal_and_the_execution_tell_of_it(inside, deployed):
    inside("run", "finishes", "-d", "shop", code=1)
    inside("modifications", "finish", deployed)
    inside("run", "finishes", "-d", "shop")
    uid = inside.uid()
    (found,) = inside.json("show", uid)["modifications"]
    assert found["status"] == "finished"
    assert f"modification {found['id']} of shop: finished" in inside("show", uid).stdout
    entries = [one for one in inside.json("journal", uid)["items"] if one["subject"].startswith("modification")]
    assert [(one["what"], one["event"]) for one in entries] == [
        (f"modification {found['id']}", "started"),
        (f"step apply of modification {found['id']}", "done"),
        (f"step finish of modification {found['id']}", "done"),
        (f"modification {found['id']}", "finished"),
    ]
    assert f"step finish of modification {found['id']}" in inside("journal", uid).stdout
