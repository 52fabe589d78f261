"""`Engine.cancel`, what it says of who asks, and what the result of a cancelled execution raises."""

from __future__ import annotations

import getpass
import os
import re

import pytest

from durable_wf.authoring.exceptions import ExecutionCancelled
from durable_wf.engine.cancelling import as_error, asking, requester
from durable_wf.errors import UsageError
from durable_wf.inspection.executions import cancel_request, execution_detail
from durable_wf.inspection.records import CancelRequest
from durable_wf.inspection.view import View
from tests.replay import cancelled
from tests.replay.cancelled import BY, request_in, wait_until_taken
from tests.replay.work import WORLD


def test_who_asks_is_this_process():
    assert re.fullmatch(rf"\S+@\S+, process {os.getpid()}", requester())


def test_a_user_without_a_name_has_a_number(monkeypatch):
    def unknown():
        raise KeyError("uid")

    monkeypatch.setattr(getpass, "getuser", unknown)
    assert requester().startswith(f"user {os.getuid()}@")


def test_a_wish_is_filled_in():
    one, other = asking("force", "", None, None), asking("force", None, None, None)
    assert (one.level, one.by, one.reason) == ("force", requester(), None)
    assert one.key != other.key
    with pytest.raises(UsageError):
        asking("gently", None, None, None)


def test_the_same_key_is_the_same_request(lives):
    life = lives()
    with WORLD.gate("a"):
        uid = life.start(cancelled.standard, {"names": ["a"]})
        WORLD.arrived("a")
        for _ in range(3):
            assert not life.engine.cancel(uid, key="key", by=BY, reason="why")
        wait_until_taken(life)
    assert life.wait(uid) == "cancelled"
    assert [row.key for row in life.journal.stored("inbox", 1)] == ["key"]


def test_another_process_cancels_what_this_one_runs(lives):
    """Through the inbox of the journal they share."""
    life, other = lives(), lives()
    with WORLD.gate("a"):
        uid = life.start(cancelled.standard, {"names": ["a", "b"]})
        WORLD.arrived("a")
        assert not other.engine.cancel(uid[:6], by=BY, key="key", reason="wrong")
        wait_until_taken(life)
        assert other.engine.info(uid).state == "cancelling"
    assert life.wait(uid) == "cancelled"
    found = cancel_request(life.journal.history(1))
    assert (found.level, found.by, found.reason) == ("cancel", BY, "wrong")


def test_it_is_shown_until_a_person_resumes_it(lives):
    """The strongest request; none once it is withdrawn."""
    life = lives()
    with WORLD.gate("a"):
        uid = life.start(cancelled.line_without_handler, {"names": ["a", "b"]})
        WORLD.arrived("a")
        life.engine.cancel(uid, by=BY, key="key")
        wait_until_taken(life)
        life.engine.cancel(uid, "kill", by="bert", key="more")
        assert life.wait(uid) == "cancelled"
    view = View(life.journal, life.journal.owned)
    found = execution_detail(view, life.journal.history(1)).cancel
    assert (found.level, found.by) == ("kill", "bert")
    assert life.engine.drain(uid, 20)
    assert life.resume(uid) == "terminated"
    assert execution_detail(view, life.journal.history(1)).cancel is None


def test_what_the_result_raises():
    """What the function said, where it said something."""
    asked = CancelRequest("force", "anna", "why", "then")
    assert str(as_error({}, asked)) == "the execution was cancelled (force) by anna: why"
    assert str(as_error({}, None)) == "the execution was cancelled"
    kind = "durable_wf.authoring.exceptions:ExecutionCancelled"
    record = {"type": kind, "message": "enough", "arguments": ["enough"], "traceback": "", "causes": []}
    assert as_error({"error": record}, asked).args == ("enough",)
    other = as_error({"error": {**record, "type": "gone:Gone"}}, asked)
    assert type(other) is ExecutionCancelled


def test_a_workflow_that_was_told_raises_what_it_raised(lives):
    life = lives()
    with request_in(life, "a"):
        uid, _ = life.run(cancelled.standard, {"names": ["a"]})
    with pytest.raises(ExecutionCancelled, match="the execution was asked to cancel"):
        life.engine.result(uid)


def test_an_engine_that_does_not_run_it_waits_for_nothing(lives):
    life = lives()
    uid, _ = life.run(cancelled.standard, {"names": ["a"]})
    other = lives()
    assert other.engine.drain(uid)
    assert not other.engine.is_killed(uid)
