"""Events and logs to hooks in the same process: `on_event`, and the two replaced names of `cloudify.logs`."""

from __future__ import annotations

import threading
from unittest import mock

import cloudify.logs
import pytest

from durable_wf import Engine, ResumeOptions, RunOptions
from durable_wf.inspection.events import EVENT, LOG, EventReader
from durable_wf.journal.memory import MemoryJournal
from tests.authoring import talking
from tests.replay.work import WORLD

AT_ONCE = RunOptions(task_retries=1, task_retry_interval=0)


@pytest.fixture
def run():
    """Runs a workflow in an engine of its own; the journal's messages."""

    def run(function, parameters=None, **options):
        journal = MemoryJournal()
        with Engine(journal, **options) as engine:
            uid = engine.start(function, parameters or {}, options=AT_ONCE)
            engine.wait(uid, 60)
            return EventReader(journal, engine.find(uid)).more()

    return run


@pytest.mark.parametrize(
    ("function", "parameters"),
    [
        (talking.one, {"name": "speaks"}),
        (talking.one, {"name": "at_last", "kwargs": {"succeed_at": 1}}),
        (talking.grouped, {"failing": True}),
        (talking.interleaved, {"count": 5}),
        (talking.sends, {}),
    ],
)
def test_a_hook_gets_what_a_reader_of_the_journal_reads_in_the_same_order(run, function, parameters):
    found = []
    assert run(function, parameters, on_event=found.append) == found
    assert found[0]["event_type"] == "workflow_started"
    assert found[-1]["event_type"] in ("workflow_succeeded", "workflow_failed")


def test_the_names_of_cloudify_logs_are_looked_up_when_something_is_to_be_delivered(run):
    """§14.25: as tests of the older system capture."""
    events, logs = [], []
    with (
        mock.patch("cloudify.logs.stdout_event_out", lambda event, **_: events.append(event)),
        mock.patch("cloudify.logs.stdout_log_out", lambda log, **_: logs.append(log)),
    ):
        journal = run(talking.one, {"name": "speaks"})
    assert events == [one for one in journal if one["type"] == EVENT]
    assert logs == [one for one in journal if one["type"] == LOG]
    assert "half-way" in [one["message"]["text"] for one in events]


def test_without_a_hook_there_is_no_thread_and_nothing_is_printed(capsys):
    """And nothing is called on the way."""
    journal = MemoryJournal()
    with Engine(journal) as engine:
        uid = engine.start(talking.one, {"name": "speaks"})
        engine.wait(uid, 60)
        assert engine._delivery._thread is None
    assert "durable-wf-events" not in {one.name for one in threading.enumerate()}
    assert capsys.readouterr().out == ""


def test_all_calls_come_from_one_thread_after_the_commit(run):
    """What a hook is told of is in the journal by then."""
    journal, threads, missing = MemoryJournal(), set(), []

    def hook(message):
        threads.add(threading.current_thread().name)
        rows = journal.events(1)
        if message["type"] == LOG and message["message"]["text"] not in [row.message for row in rows]:
            missing.append(message)

    with Engine(journal, on_event=hook) as engine:
        engine.wait(engine.start(talking.one, {"name": "speaks"}), 60)
    assert threads == {"durable-wf-events"}
    assert missing == []


def test_a_hook_that_raises_is_warned_of_once_and_harms_nothing(run):
    calls = []

    def hook(message):
        calls.append(message)
        raise ValueError("out of order")

    journal = run(talking.one, {"name": "speaks"}, on_event=hook)
    warnings = [one for one in journal if one.get("event_type") == "workflow_warning"]
    assert [one["message"]["text"] for one in warnings] in (
        ["a hook for events failed: ValueError: out of order"],
        [],  # it came after the end; then it is logged
    )
    assert len(calls) >= len(journal) - len(warnings)


def test_a_resumed_execution_goes_on_with_its_events(lives, store):
    """A hook of the second process gets what happens there, and nothing again."""
    first = lives()
    with WORLD.gate("a"):
        uid = first.start(talking.one, {"name": "says_and_waits", "kwargs": {"name": "a"}})
        WORLD.arrived("a")
        first.die()
        first.settle_death()
    found = []
    with Engine(store.open(), on_event=found.append) as engine:
        engine.resume(uid, ResumeOptions(reset_operations=True))
        assert engine.wait(uid, 60) == "terminated"
    name = "tests.authoring.talking:says_and_waits"
    assert [one["message"]["text"] for one in found] == [
        "Resuming 'tests.authoring.talking:one' workflow execution",
        f"Task started '{name}'", "before", "after", f"Task succeeded '{name}'",
        "'tests.authoring.talking:one' workflow execution succeeded",
    ]  # fmt: skip


def test_our_own_functions_print_and_can_be_told_how(capsys, monkeypatch):
    """§12.3: the class of the text and its verbosity are looked up in `cloudify.logs`."""
    log = {
        "type": LOG, "level": "debug", "timestamp": "2026-11-23T17:04:05.123Z", "message": {"text": "fine"},
        "context": {"deployment_id": "d", "node_id": "web_1", "operation": "a.b.start"},
    }  # fmt: skip
    cloudify.logs.stdout_log_out(log)
    assert capsys.readouterr().out == ""
    monkeypatch.setattr(cloudify.logs, "EVENT_VERBOSITY_LEVEL", 2)
    cloudify.logs.stdout_log_out(log, ctx=None)
    assert capsys.readouterr().out == "2026-11-23 17:04:05.123 LOG d [web_1.start] DEBUG: fine\n"

    class Own(cloudify.logs.EVENT_CLASS):
        def __str__(self):
            return f"own {self.text}"

    monkeypatch.setattr(cloudify.logs, "EVENT_CLASS", Own)
    cloudify.logs.stdout_event_out({"type": EVENT, "message": {"text": "sent"}})
    assert capsys.readouterr().out == "own sent\n"


def test_the_text_of_an_event_of_a_relationship():
    """`source->target|operation`."""
    from cloudify.event import Event

    event = {
        "type": EVENT, "event_type": "task_started", "timestamp": "2026-11-23T17:04:05.123Z",
        "message": {"text": "Task started 'x'"},
        "context": {"deployment_id": None, "source_id": "a_1", "target_id": "b_1", "operation": "r.establish"},
    }  # fmt: skip
    assert str(Event(event)) == "2026-11-23 17:04:05.123 CFY None [a_1->b_1|establish] Task started 'x'"
