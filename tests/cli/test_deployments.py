"""`validate` and `deployments …`."""

import json
import os
import re
import sqlite3
from contextlib import closing

import pytest

from durable_wf.journal.sqlite import open_journal
from tests.dsl.test_ten_mistakes import BLUEPRINT as TEN_MISTAKES

MISTAKES = """\
tosca_definitions_version: cloudify_dsl_1_5
imports: [cloudify/types/types.yaml]
node_templates:
  one: {type: cloudify.nodes.Rot}
  two: {type: cloudify.nodes.Root, relatonships: []}
"""


def test_a_good_blueprint_is_valid(inside, blueprint):
    assert "valid; 2 node templates, workflows: start_all, count" in inside("validate", blueprint).stdout
    found = inside.json("validate", blueprint)
    assert (found["valid"], found["nodes"], found["items"]) == (True, 2, [])
    assert not inside.journal.exists()


def test_every_mistake_is_shown_with_its_place_and_exit_3(inside, tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text(MISTAKES)
    done = inside("validate", path, code=3)
    assert f"{path}:4:15" in done.stderr
    assert "did you mean 'cloudify.nodes.Root'?" in done.stderr
    assert "2 mistakes [blueprint]" in done.stderr
    assert done.stdout == ""
    found = inside.json("validate", path, code=3)
    assert found["valid"] is False
    assert [(one["code"], one["line"]) for one in found["items"]] == [("unknown-node-type", 4), ("unknown-key", 5)]


@pytest.mark.parametrize(("name", "code", "text"), [("nowhere.yaml", 3, "nowhere.yaml"), (".", 3, "is a folder")])
def test_a_blueprint_that_cannot_be_read_is_said(inside, name, code, text):
    said = inside("validate", name, code=code).stderr
    assert text in said
    assert "[source]" in said


def test_L11_a_bad_blueprint_or_input_makes_no_deployment_and_no_journal(inside, blueprint, tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text(MISTAKES)
    assert "[blueprint]" in inside("deployments", "create", path, code=3).stderr
    said = inside("deployments", "create", blueprint, "-i", "titel=x", code=3).stderr
    assert "did you mean 'title'" in said
    assert not inside.journal.exists()


def test_L11_ten_mistakes_are_ten_lines_and_the_journal_is_as_it_was(inside, blueprint, tmp_path):
    """What a refused blueprint leaves of an existing journal: every row of every table as before."""
    inside("deployments", "create", blueprint, "-d", "small")
    before = dump(inside.journal)
    path = tmp_path / "ten.yaml"
    path.write_text(TEN_MISTAKES)
    for command in (("validate",), ("deployments", "create")):
        said = inside(*command, path, code=3).stderr
        assert len(re.findall(rf"{re.escape(str(path))}:\d+:\d+: ", said)) == 10
    assert dump(inside.journal) == before


def dump(journal):
    with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as connection:
        return list(connection.iterdump())


def test_a_deployment_from_its_making_to_its_end(inside, blueprint):
    assert inside("deployments", "create", blueprint, "-d", "small", "-i", "title=first").stdout == "small\n"
    assert (
        "there is a deployment 'small' already"
        in inside("deployments", "create", blueprint, "-d", "small", code=2).stderr
    )
    (found,) = inside.json("deployments", "list")["items"]
    assert (found["id"], found["blueprint_id"], found["node_instances"]) == ("small", "small", 3)
    assert inside("deployments", "list", "-q").stdout == "small\n"
    detail = inside.json("deployments", "show", "small")
    assert detail["inputs"]["title"] == "first"
    assert {"count", "start_all", "install"} <= set(detail["workflows"])
    assert {one["id"]: one["instances"] for one in detail["nodes"]} == {
        "site": {"uninitialized": 1}, "page": {"uninitialized": 2},
    }  # fmt: skip
    assert inside.json("deployments", "outputs", "small")["outputs"] == {"title": "first"}
    assert inside("deployments", "outputs", "small").stdout == "title = first\n"
    assert inside.json("deployments", "delete", "small") == {"schema_version": 1, "id": "small", "deleted": True}
    assert inside.json("deployments", "list")["items"] == []
    assert inside("deployments", "show", "small", code=7)


def test_instances_have_the_references_names(inside, blueprint):
    inside("deployments", "create", blueprint, "-d", "small")
    found = inside.json("deployments", "instances", "small")["items"]
    page = next(one for one in found if one["node_id"] == "page")
    assert set(page) == {
        "id", "node_id", "index", "state", "host_id", "runtime_properties", "relationships", "scaling_groups",
        "version", "container_id", "system_properties", "unexpected",
    }  # fmt: skip
    (relationship,) = page["relationships"]
    assert relationship["type"] == "cloudify.relationships.connected_to"
    assert relationship["target_name"] == "site"
    assert relationship["target_id"].startswith("site_")


def test_workflows_are_listed_with_their_parameters(inside, blueprint):
    inside("deployments", "create", blueprint, "-d", "small")
    said = inside("deployments", "workflows", "small").stdout
    assert "-p times=…  integer  required    How often." in said
    items = inside.json("deployments", "workflows", "small")["items"]
    count = next(one for one in items if one["name"] == "count")
    found = {one["name"]: (one["required"], one["default"]) for one in count["parameters"]}
    assert found == {"times": (True, None), "label": (False, "a")}


def test_inputs_come_from_pairs_and_files_and_later_ones_win(inside, blueprint, tmp_path):
    (tmp_path / "one.yaml").write_text("title: from yaml\nscratch: /one\n")
    (tmp_path / "two.json").write_text(json.dumps({"scratch": "/two"}))
    inside("deployments", "create", blueprint, "-d", "a", "-i", "title=first", "-i", "one.yaml", "-i", "two.json")
    assert inside.json("deployments", "show", "a")["inputs"] == {"title": "from yaml", "scratch": "/two"}
    inside("deployments", "create", blueprint, "-d", "b", "-i", "one.yaml", "-i", "title=last")
    assert inside.json("deployments", "show", "b")["inputs"]["title"] == "last"


def test_what_is_done_about_unknown_outcomes_is_kept(inside, blueprint):
    inside("deployments", "create", blueprint, "-d", "small", "--on-unknown", "fail")
    assert inside.json("deployments", "show", "small")["on_unknown"] == "fail"
    assert "on unknown   fail" in inside("deployments", "show", "small").stdout


def test_a_command_waits_for_the_write_lock_as_long_as_it_is_told(program, blueprint):
    program("deployments", "create", blueprint, "-d", "one")
    journal = open_journal(program.journal)
    with journal.turn():
        said = program("deployments", "create", blueprint, "-d", "two", "--lock-timeout", "0.1", code=8).stderr
    journal.close()
    assert f"by process {os.getpid()}" in said
    assert "[held]" in said
    program("deployments", "create", blueprint, "-d", "two")


def test_an_empty_list_says_how_to_begin(inside):
    done = inside("deployments", "list")
    assert done.stdout == ""
    assert "durable-wf deployments create" in done.stderr
