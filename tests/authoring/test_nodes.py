"""Nodes, instances and sets of them, as a workflow sees them (workflow-api §2.3, §2.5)."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from durable_wf.authoring.fixed_set import FixedSet, fixed_hash
from durable_wf.authoring.stored_objects import Raw
from tests.authoring import contexts
from tests.authoring.test_workflow_ctx import does, life

__all__ = ["life"]


def test_sets_of_instances_go_by_id(life):
    """Itself and all below; `|`, `&`, `-` and `^`, from either side, give such a set again."""
    found = does(life, contexts.containment)
    assert found == {
        "below": ["app_4", "app_5", "host_1", "server_2", "server_3"],
        "inside": ["app_5", "server_3"],
        "without": ["app_4", "host_1", "server_2"],
        "both": ["alone_6", "app_4", "app_5", "host_1", "server_2", "server_3"],
        "common": ["app_5", "server_3"],
        "either": ["alone_6", "app_5", "server_3"],
        "rest": ["alone_6"],
        "union": ["alone_6", "app_4", "app_5", "host_1", "server_2", "server_3"],
        "copy": ["app_4", "app_5", "host_1", "server_2", "server_3"],
        "direct": ["server_2", "server_3"],
        "is a set": [True] * 9,
        "first": "app_4",
        "in": [True, False, True],
    }


def test_what_nodes_and_instances_say_of_themselves(life):
    """Two relationships to one target are both kept; plugins to install are a host's."""
    assert does(life, contexts.nodes) == {
        "to install": [["tests"], []],
        "plugins": [["central", None], ["tests", "1.2"]],
        "numbers": [2, 2],
        "twice": ["cloudify.relationships.connected_to", "cloudify.relationships.depends_on"],
        "last": "cloudify.relationships.depends_on",
        "links": [
            "cloudify.relationships.contained_in",
            "cloudify.relationships.connected_to",
            "cloudify.relationships.depends_on",
        ],
        "instance": [{}, [], None],
        "raw": ["host_1", "app", "tests.Thing"],
        "iterators": ["alone", "server_2", "server_2"],
        "logger": "ctx.ID-app_4",
    }


def test_a_hash_is_the_same_in_every_process():
    """Unlike a text's own."""
    code = "from durable_wf.authoring.fixed_set import fixed_hash; print(fixed_hash('server_ab12cd'))"
    said = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert said == {f"{fixed_hash('server_ab12cd')}\n".encode()}


def things(*ids):
    return FixedSet(SimpleNamespaceOf(one) for one in ids)


class SimpleNamespaceOf(SimpleNamespace):
    """A thing that is equal by id."""

    def __init__(self, id):  # noqa: A002 - as the real ones
        super().__init__(id=id)

    def __hash__(self):
        return fixed_hash(self.id)


def test_a_set_refuses_what_no_set_takes():
    """As a plain set does."""
    with pytest.raises(TypeError):
        things("a") | ["b"]
    with pytest.raises(TypeError):
        ["b"] - things("a")
    with pytest.raises(KeyError):
        things().pop()


def test_a_set_may_be_changed_and_copied():
    """It is a set in all else."""
    one = things("b", "a")
    one.add(SimpleNamespaceOf("c"))
    one.discard(SimpleNamespaceOf("a"))
    assert [thing.id for thing in one] == ["b", "c"]
    assert [thing.id for thing in copy.copy(one)] == ["b", "c"]
    assert one == {SimpleNamespaceOf("c"), SimpleNamespaceOf("b")}
    assert one.difference(things("b")) == one.symmetric_difference(things("b")) == things("c")
    assert one.intersection(things("b", "x")) == things("b")
    assert repr(things("b", "a")) == "{SimpleNamespaceOf(id='a'), SimpleNamespaceOf(id='b')}"


def test_a_raw_object_has_keys_and_attributes():
    """Both ways; an unknown attribute names what there is."""
    raw = Raw(id="a")
    raw.more = 1
    assert (raw["more"], raw.id, dict(raw)) == (1, "a", {"id": "a", "more": 1})
    with pytest.raises(AttributeError, match="there is no 'host_id' in it; there is id, more"):
        raw.host_id  # noqa: B018 - the access is what raises
