"""What a workflow sees of the storage moves at recorded points only: a write of its own is one."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import pytest

from durable_wf import RunOptions
from tests.replay import kit

BLUEPRINT = Path(__file__).parents[1] / "authoring" / "context" / "blueprint.yaml"


@pytest.fixture
def deployed(new_store, monkeypatch):
    """Makes stores with the deployment `d`."""
    monkeypatch.setattr(sys, "path", list(sys.path))

    def make():
        store = new_store()
        life, numbers = kit.Life(store), itertools.count(1)
        life.engine.deployments.create(BLUEPRINT, "d", new_suffix=lambda: str(next(numbers)))
        life.bury()
        return store

    return make


def does(what):
    """A play that runs a function of `tests.authoring.contexts`."""

    def script(play):
        options = {"deployment": "d", "options": kit.NO_RETRIES, "allow_custom_parameters": True}
        state = play.run("does", {"what": what}, **options)
        while state == "interrupted":
            state = play.resume(reset_operations=True)

    return script


def test_a_write_is_made_once_and_seen_from_there_on(deployed):
    """Wherever the process dies: each write is a version, a conflict stays one, and reads agree with them."""
    story = kit.at_every_commit(does("updates"), deployed)
    assert story.state == "terminated"
    assert story.result["again"] == [4, "mine", {}, True]
    assert story.result["conflict"][0] == "StorageConflictError"
    assert [one[1:] for one in story.storage if one[0] == "alone_6"] == [("mine", "{}", 4)]


def test_functions_see_the_view_in_a_replay_too(deployed):
    """What an operation changed is seen after the refresh, and not before, live as in a replay."""
    before, same, after, _ = kit.at_every_commit(does("functions"), deployed).result
    assert before == same
    assert (before["a"], after["a"]) == (None, 5)


def test_a_dry_run_ends_alike(deployed):
    """Its tasks are never lost nor asked about."""

    def script(play):
        play.run(
            "does", {"what": "everything"}, deployment="d", options=RunOptions(dry_run=True),
            allow_custom_parameters=True,
        )  # fmt: skip

    story = kit.at_every_commit(script, deployed)
    assert story.state == "terminated"
    assert {one[1:] for one in story.storage} == {("uninitialized", "{}", 0)}
