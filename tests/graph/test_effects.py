"""Tasks whose effect is rows: writes of node instances, statuses that are refused, and what a dry run shows."""

from __future__ import annotations

import pytest

from durable_wf.codec import decode
from durable_wf.model.events import Asked, Gets
from durable_wf.model.rows import Kind
from tests.graph.kit import Bench, graph, spec

NOTHING = {"version": 0, "state": None, "runtime_properties": None, "system_properties": None, "force": False}


def effect(bench, kind, target, **kwargs):
    """Ask for it in standard mode and wait; its answer, with the detail decoded."""
    asked = spec("", kind=kind, target=target, **kwargs)
    bench.turn(Asked(asked))
    (answer,) = bench.turn(Gets(asked))
    return bool(answer.failed), decode(answer.detail_json)


@pytest.mark.parametrize(
    ("given", "conflicts"),
    [
        ({"version": 1}, False),
        ({"version": 0}, True),
        ({"version": 2}, True),
        ({"version": 0, "force": True}, False),
        ({"version": 0, "state": "mine"}, False),
    ],
)
def test_only_a_write_without_a_state_must_name_the_present_version(given, conflicts):
    """Unless it is forced (workflow-api §9.3)."""
    bench = Bench("one_1")
    failed, detail = effect(bench, Kind.UPDATE_INSTANCE, "one_1", **NOTHING | given)
    assert failed is conflicts
    row = bench.storage.rows["one_1"]
    assert (row.version, row.revision) == ((1, 1) if conflicts else (2, 2))
    if conflicts:
        assert detail["error"]["message"] == (
            f"version {given['version']} does not match current version of node instance 'one_1' which is 1"
        )


def test_a_write_replaces_what_is_given_and_says_what_changed():
    """The rest stays; the task's result is the instance as it is stored then."""
    bench = Bench("one_1")
    effect(bench, Kind.UPDATE_INSTANCE, "one_1", **NOTHING | {"version": 1, "runtime_properties": {"a": 1, "b": 2}})
    given = {"version": 2, "runtime_properties": {"b": 3}, "system_properties": {"s": 1}}
    _, detail = effect(bench, Kind.UPDATE_INSTANCE, "one_1", **NOTHING | given)
    assert detail["result"] == {
        "id": "one_1", "node_id": "node", "index": 1, "state": "uninitialized", "version": 3, "host_id": None,
        "runtime_properties": {"b": 3}, "system_properties": {"s": 1}, "relationships": [], "scaling_groups": [],
    }  # fmt: skip
    _, detail = effect(bench, Kind.UPDATE_INSTANCE, "one_1", **NOTHING | {"state": "mine"})
    assert (detail["result"]["state"], detail["result"]["runtime_properties"]) == ("mine", {"b": 3})


@pytest.mark.parametrize("kind", [Kind.UPDATE_INSTANCE, Kind.SET_STATE, Kind.GET_STATE])
def test_an_instance_that_is_not_there_fails_the_task(kind):
    """As a KeyError with its id."""
    failed, detail = effect(Bench(), kind, "nobody_1", **NOTHING | {"state": "mine"})
    assert failed
    assert (detail["error"]["type"], detail["error"]["arguments"]) == ("builtins:KeyError", ["nobody_1"])


def test_a_status_is_always_refused():
    """It is what the journal says."""
    failed, detail = effect(Bench(), Kind.EXECUTION_STATUS, "", status="mine")
    assert failed
    assert detail["error"]["type"] == "builtins:NotImplementedError"


def test_a_dry_run_asks_no_handler():
    """One that wants a retry until there is a result would want it for ever."""
    bench = Bench()
    bench.core.run.is_dry = True
    first, second = spec("a", kind=Kind.DRY_RUN), spec("b", kind=Kind.DRY_RUN)
    first.on_success = first.on_failure = True
    (answer,) = bench.turn(graph(first, second, edges=[(second, first)]))
    assert answer.failed == ()
    assert bench.states() == {"a": "succeeded", "b": "succeeded"}
