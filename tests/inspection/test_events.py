"""Events and logs of an execution: which there are, in which order, their texts and shapes (workflow-api §12)."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from durable_wf import Engine, RunOptions
from durable_wf.engine.code import make_importable
from durable_wf.inspection.events import EVENT, LOG, EventReader
from durable_wf.journal.memory import MemoryJournal
from durable_wf.model.texts import EventType, task_text, workflow_text
from tests.replay.clock import ManualClock

make_importable(None)  # `talking` uses the older system's names, as any plugin may

from tests.authoring import talking  # noqa: E402 - after those names are there

BLUEPRINT = Path(__file__).parent.parent / "authoring" / "deployment" / "blueprint.yaml"
FEW = RunOptions(task_retries=2, task_retry_interval=0)


@pytest.fixture
def tells(engine, view):
    """Runs a workflow; its events and logs."""

    def tells(function, options=None, deployment=None, **parameters):
        uid = engine.start(function, parameters, options=options or FEW, deployment=deployment)
        engine.wait(uid, 60)
        return EventReader(view.store, engine.find(uid)).more()

    return tells


@pytest.fixture
def deployed(engine):
    numbers = itertools.count(1)
    engine.deployments.create(BLUEPRINT, "d", new_suffix=lambda: str(next(numbers)))


def short(messages):
    """Type and text."""
    return [(one.get("event_type") or one["level"], one["message"]["text"]) for one in messages]


def of_tasks(messages):
    """Texts of the events about tasks."""
    return [one["message"]["text"] for one in messages if "task" in (one.get("event_type") or "")]


MIXED = [
    ("workflow_started", "Starting 'mixed' workflow execution"),
    ("workflow_stage", "a workflow event"),
    ("info", "of the instance"),
    ("workflow_node_event", "a node event"),
    ("info", "of the workflow"),
    ("task_started", "Task started 'tests.authoring.talking.talks'"),
    ("info", "of the operation"),
    ("plugin_event", "a plugin event"),
    ("task_succeeded", "Task succeeded 'tests.authoring.talking.talks' - talked"),
    ("task_started", "Task started 'local_one'"),
    ("task_succeeded", "Task succeeded 'local_one' - local"),
    ("workflow_succeeded", "'mixed' workflow execution succeeded"),
]


def test_the_references_mixed_example_has_9_events_and_3_logs_in_order(tells, deployed):
    """§14.25."""
    found = tells("mixed", deployment="d")
    assert short(found) == MIXED
    assert [one["type"] for one in found].count(EVENT) == 9
    assert [one["type"] for one in found].count(LOG) == 3


def test_the_order_does_not_depend_on_a_clock():
    """It stands still: everything of all commits has the same time."""
    journal, numbers = MemoryJournal(), itertools.count(1)
    with Engine(journal, clock=ManualClock()) as engine:
        engine.deployments.create(BLUEPRINT, "d", new_suffix=lambda: str(next(numbers)))
        uid = engine.start("mixed", deployment="d")
        engine.wait(uid, 60)
        found = EventReader(journal, engine.find(uid)).more()
    assert short(found) == MIXED
    assert len({one["timestamp"] for one in found}) == 1


def test_a_message_says_what_it_is_about(tells, deployed):
    """Execution, deployment, task, attempt, node instance, operation (§12.2)."""
    found = tells("mixed", deployment="d")
    workflow = {
        "blueprint_id": found[0]["context"]["blueprint_id"], "deployment_id": "d",
        "execution_id": found[0]["context"]["execution_id"], "workflow_id": "mixed",
        "tenant": {"name": "default_tenant"},
    }  # fmt: skip
    assert workflow["blueprint_id"]
    node = {"node_id": "alone_5", "node_name": "alone"}
    assert [one["context"] for one in found[:3]] == [workflow, workflow, {**workflow, **node}]
    assert found[3]["context"] == {**workflow, **node}
    operation = {
        **workflow, **node, "task_id": f"{workflow['execution_id']}/3", "task_queue": None, "task_target": None,
        "task_name": "tests.authoring.talking.talks", "operation": "ops.talks", "plugin": "tests", "attempt": 1,
    }  # fmt: skip
    assert found[6]["context"] == found[7]["context"] == operation
    assert found[5]["context"] == {**operation, "task_current_retries": 0, "task_total_retries": 2}


def test_an_event_and_a_log_have_the_references_shapes(tells, deployed):
    """§12.2; times are UTC with milliseconds."""
    found = tells("mixed", deployment="d")
    assert set(found[0]) == {"event_type", "context", "message", "timestamp", "message_code", "type"}
    assert found[0]["message"] == {"text": MIXED[0][1], "arguments": None}
    assert len(found[0]["timestamp"]) == len("2026-11-23T17:04:05.123Z")
    assert set(found[2]) == {"context", "logger", "level", "message", "timestamp", "message_code", "type"}
    uid = found[0]["context"]["execution_id"]
    assert [one["logger"] for one in found if one["type"] == LOG] == [
        f"ctx.{uid}-alone_5",
        f"ctx.{uid}",
        f"ctx.{uid}/3",
    ]


def test_a_failing_workflow_says_its_error_and_traceback(tells):
    found = tells(talking.raises_late)
    assert short(found)[1:] == [
        ("info", "last words"),
        ("workflow_failed", "'tests.authoring.talking:raises_late' workflow execution failed: the function itself"),
    ]
    assert "raise ValueError" in found[-1]["message"]["arguments"]["error"]


def test_each_failed_attempt_is_said_with_its_error_and_how_many_retries_there_were(tells):
    """The total only where there is one."""
    name = "tests.authoring.talking:at_last"
    assert of_tasks(tells(talking.one, name="at_last", kwargs={"succeed_at": 2})) == [
        f"Task started '{name}'",
        f"Task failed '{name}' -> not yet",
        f"Task started '{name}' [retry 1/2]",
        f"Task failed '{name}' -> not yet [retry 1/2]",
        f"Task started '{name}' [retry 2/2]",
        f"Task succeeded '{name}' - 2 [retry 2/2]",
    ]
    endless = RunOptions(task_retry_interval=0)
    assert of_tasks(tells(talking.one, endless, name="at_last", kwargs={"succeed_at": 1}))[-1] == (
        f"Task succeeded '{name}' - 1 [retry 1]"
    )


def test_what_asks_to_be_run_again_is_rescheduled_and_failed_once_it_may_not(tells):
    """§3.2; the end of the retries is a failure, said as one."""
    found = tells(talking.one, name="at_last", kwargs={"succeed_at": 9, "how": "retry"})
    kinds = [kind for kind, _ in short(found) if kind.startswith("task")]
    again = ["task_started", "task_rescheduled"]
    assert kinds == [*again, *again, "task_started", "task_failed"]


def test_a_failure_carries_its_causes(tells):
    found = tells(talking.one, name="fails")
    (failed,) = [one for one in found if one.get("event_type") == "task_failed"]
    assert failed["context"]["task_error_causes"] == []
    assert failed["message"]["text"].endswith("-> no")


@pytest.mark.parametrize("failing", [False, True])
def test_a_subgraph_is_called_one(tells, failing):
    """§12.1."""
    found = [text for text in of_tasks(tells(talking.grouped, failing=failing)) if text.startswith("Subgraph")]
    ends = "Subgraph failed 'inner' -> failed in it: tests.authoring.talking:fails"
    assert found == ["Subgraph started 'inner'", ends if failing else "Subgraph succeeded 'inner'"]


@pytest.mark.parametrize("how", ["local", "config", "routes"])
def test_a_task_without_events_says_nothing(tells, how):
    """§14.26; also by `task_config`."""
    assert of_tasks(tells(talking.quiet, how=how)) == []


def test_a_task_without_events_says_its_failure(tells):
    assert of_tasks(tells(talking.quiet, how="fails")) == ["Task failed 'tests.authoring.talking:fails' -> no"]


def test_requests_of_plain_tasks_stay_as_they_were(engine, run):
    """`send_task_events` is stored only where it is false."""
    plain = run(talking.one, name="talks")
    quiet = run(talking.quiet, how="talks")
    assert "send_task_events" not in engine.journal.stored("payload", plain.id)[0].body_json
    assert '"send_task_events":false' in engine.journal.stored("payload", quiet.id)[0].body_json


def test_events_that_the_workflow_sends_itself(tells):
    """§2.9: with arguments and context; about a task in the words of the engine."""
    found = [
        one for one in tells(talking.sends) if one.get("event_type") in ("my_event", "sending_task", "task_succeeded")
    ]
    first = found[0]
    assert first["message"] == {"text": "the first", "arguments": {"a": 1}}
    assert first["context"]["more"] == [1]
    assert first["context"]["odd"] == "{2}"
    name = "tests.authoring.talking:at_last"
    texts = [one["message"]["text"] for one in found[1:]]
    assert texts.index(f"Sending task '{name}'") + 1 == texts.index(f"Task succeeded '{name}' - 3")
    assert texts.count("the second") == 2
    assert f"Task succeeded '{name}' - 0" in texts


def test_a_task_event_can_be_handed_to_a_function():
    """`cloudify.workflows.events`; a task that wants no events has only its failures."""
    from cloudify.workflows.events import send_task_event

    class Task:
        name, send_task_events, current_retries, total_retries = "x", False, 1, 3

    found = []
    for state in ("started", "failed"):
        send_task_event(state, Task, lambda **event: found.append(event), {"exception": ValueError("no")})
    assert found == [
        {
            "task": Task,
            "event_type": "task_failed",
            "message": "Task failed 'x' -> no [retry 1/3]",
            "additional_context": {"task_name": "x", "task_current_retries": 1, "task_total_retries": 3},
        }
    ]


def test_events_and_lines_keep_the_order_in_which_they_were_said(tells):
    """Though none of them waits to be written."""
    said = [text for kind, text in short(tells(talking.interleaved, count=20)) if kind in ("workflow_stage", "info")]
    assert said == [text for number in range(20) for text in (f"event {number}", f"line {number}")]


def test_a_reader_goes_on_from_where_it_stopped(engine, view):
    """Each message once."""
    uid = engine.start(talking.one, {"name": "talks"})
    reader, found = None, []
    engine.wait(uid, 60)
    reader = EventReader(view.store, engine.find(uid))
    found += reader.more()
    assert found
    assert reader.more() == []


@pytest.mark.parametrize(
    ("kind", "more", "text"),
    [
        (EventType.SENDING_TASK, {}, "Sending task 'x'"),
        (EventType.TASK_STARTED, {"dry_run": True}, "Task started 'x' (dry run)"),
        (EventType.TASK_STARTED, {"dry_run": True, "retries": 1}, "Task started 'x' (dry run) [retry 1]"),
        (EventType.TASK_SUCCEEDED, {"result": 0}, "Task succeeded 'x' - 0"),
        (EventType.TASK_SUCCEEDED, {"result": None}, "Task succeeded 'x'"),
        (EventType.TASK_FAILED, {"error": "e", "retries": 1, "total_retries": 0}, "Task failed 'x' -> e [retry 1/0]"),
        (EventType.TASK_RESCHEDULED, {"error": "e", "subgraph": True}, "Subgraph rescheduled 'x' -> e"),
    ],
)
def test_texts_about_tasks(kind, more, text):
    assert task_text(kind, "x", **more) == text


@pytest.mark.parametrize(
    ("kind", "more", "text"),
    [
        (EventType.WORKFLOW_STARTED, {"dry_run": True}, "Starting 'w' workflow execution (dry run)"),
        (EventType.WORKFLOW_STARTED, {"resumed": True}, "Resuming 'w' workflow execution"),
        (EventType.WORKFLOW_SUCCEEDED, {"dry_run": True}, "'w' workflow execution succeeded (dry run)"),
        (EventType.WORKFLOW_CANCELLED, {}, "'w' workflow execution cancelled"),
    ],
)
def test_texts_about_workflows(kind, more, text):
    assert workflow_text(kind, "w", **more) == text
