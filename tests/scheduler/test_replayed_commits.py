"""Requests that come while an execution replays, with a death before and after every commit of it (L5)."""

from __future__ import annotations

import itertools

import pytest

from tests.replay import kit
from tests.replay.cancelled import request
from tests.replay.work import TIMEOUT, WORLD
from tests.scheduler import flows


class Person:
    """Asks to cancel as often as the function of a play replays, and has a first runner lie down before it goes on."""

    def __init__(self, stage, level):
        self._stage = stage
        self._level = level
        self._keys = itertools.count()

    def __call__(self):
        """What `flows.between` does after its first task."""
        life = self._stage.life
        life.engine.host.ask(lambda: None)  # it is hosted by now
        (hosted,) = life.engine.host._hosted.values()
        if hosted.live:
            life.engine.host.stop(hosted)
            return
        request(self._stage.store, self._level, key=str(next(self._keys)))
        if self._level != "cancel":
            life.engine.host.post(("look", hosted))
            assert hosted.done.wait(TIMEOUT), "it waits for the function"


def failed(stage):
    """An execution that its second task ended."""
    WORLD.broken.add("b")
    assert stage.run(flows.between) == "failed"
    WORLD.broken.clear()


def test_a_plain_one_of_an_execution_that_had_failed(new_store):
    """Whether REOPENED is written or not, it ends cancelled; what was reset runs, as what was in flight does."""

    def script(stage):
        failed(stage)
        WORLD.hooks["between"] = Person(stage, "cancel")
        assert stage.resume() == "cancelled"
        assert dict(kit.all_states(stage.life, stage.uid)) == {"a": "succeeded", "b": "succeeded"}
        del WORLD.hooks["between"]
        assert stage.resume() == "terminated"

    calm = kit.at_every_commit(script, new_store)
    assert calm.ran == {"a": 1, "b": 2}


@pytest.mark.parametrize("level", ["force", "kill"])
def test_a_forced_one_of_an_execution_that_was_interrupted(new_store, level):
    """Taken or not, a resume goes on where the first runner lay down."""

    def script(stage):
        WORLD.hooks["between"] = Person(stage, level)
        if stage.run(flows.between) == "interrupted":  # else one was resumed after a death
            assert stage.resume() == "cancelled"
        assert stage.state == "cancelled"
        del WORLD.hooks["between"]
        assert stage.resume() == "terminated"

    calm = kit.at_every_commit(script, new_store)
    assert calm.ran == {"a": 1, "b": 1}


def test_a_forced_one_of_an_execution_that_had_failed(new_store):
    """It stays failed as often as the person asks, and is resumed at last."""

    def script(stage):
        failed(stage)
        WORLD.hooks["between"] = Person(stage, "force")
        assert stage.resume() == "failed"
        assert dict(kit.all_states(stage.life, stage.uid)) == {"a": "succeeded", "b": "failed"}
        del WORLD.hooks["between"]
        assert stage.resume() == "terminated"

    calm = kit.at_every_commit(script, new_store)
    assert calm.ran == {"a": 1, "b": 2}
