"""Exceptions in the journal: with all that led to them, within a bounded size, and back (workflow-api §8)."""

from __future__ import annotations

import json

import pytest
from cloudify import exceptions
from cloudify.error_handling import deserialize_known_exception, serialize_known_exception
from cloudify.utils import exception_to_error_cause, format_exception

from durable_wf.authoring import causes
from durable_wf.authoring.recorded import from_record, to_record


def raised(function):
    """What it raises."""
    try:
        function()
    except (RuntimeError, ValueError) as error:
        return error
    raise AssertionError("it raised nothing")


def of_three():
    try:
        try:
            raise KeyError("first")
        except KeyError as error:
            raise ValueError("second") from error
    except ValueError:
        raise RuntimeError("third")  # noqa: B904 - the context counts as well


def test_a_record_has_the_whole_chain_with_tracebacks():
    """`__cause__` and `__context__`, the nearest first."""
    record = to_record(raised(of_three))
    assert [(one["type"], one["message"]) for one in record["causes"]] == [
        ("ValueError", "second"), ("KeyError", "'first'"),
    ]  # fmt: skip
    assert 'raise KeyError("first")' in record["causes"][1]["traceback"]
    assert "second" not in record["causes"][1]["traceback"]
    assert "RuntimeError: third" in record["traceback"]
    json.dumps(record)


def test_a_chain_that_is_cut_off_ends_there():
    """`raise … from None`."""

    def cut():
        try:
            raise KeyError("first")
        except KeyError:
            raise ValueError("second") from None

    assert to_record(raised(cut))["causes"] == []


def test_a_chain_in_a_circle_ends():
    one, two = ValueError("one"), ValueError("two")
    one.__cause__, two.__cause__ = two, one
    assert [cause["message"] for cause in to_record(one)["causes"]] == ["two"]


def test_a_long_chain_loses_its_middle_and_says_so():
    error = ValueError("0")
    for number in range(1, 3000):
        above = ValueError(str(number))
        above.__cause__, error = error, above
    found = to_record(error)["causes"]
    assert len(found) == causes.MOST
    assert found[0]["message"] == "2998"
    assert found[-1]["message"] == "0"
    assert f"{3000 - causes.MOST} causes left out" in found[causes.MOST // 2]["message"]


def test_causes_that_are_large_altogether_lose_their_tracebacks():
    """The record's size is bounded, whatever the exceptions say."""
    error = ValueError("x" * 19_000)
    for number in range(40):
        above = ValueError("x" * 19_000 + str(number))
        above.__cause__, error = error, above
    record = to_record(error)
    assert len(json.dumps(record)) < 2 * causes.MAX_CAUSES
    assert len(record["causes"]) == 40
    assert record["causes"][0]["message"].startswith("xxx")
    assert len(record["causes"][-1]["message"]) == 200


def test_causes_that_are_given_come_first_and_each_cause_once():
    """What a plugin puts into `causes`; what JSON cannot hold is left out."""
    given = {"type": "Remote", "message": "there", "traceback": ""}
    error = exceptions.NonRecoverableError("no", causes=[given, given, {"odd": {1}}, "text"])
    error.__cause__ = KeyError("here")
    assert [one["message"] for one in to_record(error)["causes"]] == ["there", "'here'"]


def test_what_is_built_again_shows_where_it_was_raised():
    """Its own class and arguments, and the record's traceback as its cause."""
    again = from_record(to_record(raised(of_three)), (3,))
    assert type(again) is RuntimeError
    assert isinstance(again.__cause__, causes.RecordedCause)
    assert 'raise RuntimeError("third")' in format_exception(again)


def test_a_workflow_that_lets_an_operations_error_through_records_both():
    """The operation's traceback and causes come after the workflow's own."""

    def workflow():
        try:
            raise from_record(to_record(raised(of_three)), (3,))
        except RuntimeError as error:
            raise exceptions.WorkflowFailed("the workflow", causes=[{"type": "T", "message": "m"}]) from error

    record = to_record(raised(workflow))
    assert [one["message"] for one in record["causes"]] == ["m", "third", "third", "second", "'first'"]
    assert [one["type"] for one in record["causes"][1:3]] == ["RuntimeError", "RuntimeError"]
    assert 'raise RuntimeError("third")' in record["causes"][2]["traceback"]
    assert "WorkflowFailed: the workflow" in record["traceback"]


def test_an_exception_that_cannot_be_shown_is_recorded_all_the_same():
    class Odd(Exception):
        def __str__(self):
            raise ValueError("no")

    cause = exception_to_error_cause(Odd(), None)
    assert cause["type"] == "Odd"
    assert cause["message"] == "(Odd cannot say its text: ValueError)"


def test_a_cause_is_message_type_and_traceback():
    """§8."""
    error = raised(of_three)
    cause = exception_to_error_cause(error, error.__traceback__)
    assert set(cause) == {"message", "type", "traceback"}
    assert (cause["message"], cause["type"]) == ("third", "RuntimeError")
    assert "first" in format_exception(error)


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("ProcessKillCancelled", exceptions.NonRecoverableError), ("ClosedAMQPClientException", Exception),
        ("PluginInstallationError", Exception), ("StopAgent", Exception), ("InvalidBlueprintImport", RuntimeError),
        ("CloudifySerializationRetry", exceptions.RecoverableError), ("HttpException", exceptions.NonRecoverableError),
        ("CommandExecutionError", RuntimeError), ("CommandExecutionException", Exception),
        ("TimeoutException", Exception), ("WorkflowFailed", RuntimeError),
        ("OperationRetry", exceptions.RecoverableError),
    ],
)  # fmt: skip
def test_the_reference_has_these_classes(name, base):
    assert issubclass(getattr(exceptions, name), base)


@pytest.mark.parametrize(
    "error",
    [
        exceptions.NonRecoverableError("never"), exceptions.RecoverableError("again", retry_after=3),
        exceptions.OperationRetry("again"), exceptions.HttpException("u", 404, "gone"), exceptions.StopAgent("stop"),
        exceptions.WorkflowFailed("failed", causes=[{"type": "T", "message": "m", "traceback": ""}]),
    ],
    ids=lambda one: type(one).__name__,
)  # fmt: skip
def test_known_exceptions_go_through_the_wire_form_and_back(error):
    form = json.loads(json.dumps(serialize_known_exception(error)))
    again = deserialize_known_exception(form)
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert again.causes == error.causes
    assert getattr(again, "retry_after", None) == getattr(error, "retry_after", None)


def test_an_unknown_exception_is_recoverable_on_the_other_side():
    form = serialize_known_exception(raised(of_three))
    assert form["exception_type"] == "RuntimeError"
    again = deserialize_known_exception(form)
    assert type(again) is exceptions.RecoverableError
    assert [one["type"] for one in again.causes] == ["RuntimeError"]
    assert "traceback" in form
    hidden = exceptions.WorkflowFailed("x", hide_traceback=True)
    assert "traceback" not in serialize_known_exception(hidden)
