"""Changes of system properties: what stays, what is kept, what bears the time (workflow-api §10.10, §6.3)."""

from durable_wf.clock import iso
from durable_wf.graph.system_patch import patched, reset_by

AT = 1_700_000_000_000_000


def change(*path, value, **more):
    return {"path": list(path), "value": value, **more}


def test_a_change_names_only_what_it_is_about():
    before = {"mine": 1, "drift": {"a": {"ok": True}}}
    after = patched(before, [change("drift", "b", value={"ok": False})], AT)
    assert after == {"mine": 1, "drift": {"a": {"ok": True}, "b": {"ok": False, "timestamp": iso(AT)}}}
    assert before == {"mine": 1, "drift": {"a": {"ok": True}}}, "what was given is as it was"


def test_the_value_of_before_is_kept_where_it_is_asked_for():
    again = change("status", value={"ok": True}, keep="previous_status")
    once = patched({}, [again], AT)
    assert once == {"status": {"ok": True, "timestamp": iso(AT)}}
    assert patched(once, [again], AT + 1)["previous_status"] == once["status"]


def test_nothing_takes_out_and_what_is_no_mapping_is_set_as_it_is():
    assert patched({"a": 1, "b": 2}, [change("a", value=None), change("gone", value=None)], AT) == {"b": 2}
    assert patched({}, [change("failed", value="id")], AT) == {"failed": "id"}


def test_what_stands_in_the_way_of_a_path_is_replaced():
    assert patched({"a": "text"}, [change("a", "b", value=1)], AT) == {"a": {"b": 1}}


def test_a_state_makes_out_of_date_what_was_found_before():
    found = {"status": 1, "previous_status": 2, "configuration_drift": 3, "mine": 4}
    assert reset_by("started", found) == {"configuration_drift": 3, "mine": 4}
    assert reset_by("configured", found) == {"status": 1, "previous_status": 2, "mine": 4}
    assert reset_by("stopped", found) is None
    assert reset_by("started", {"mine": 4}) is None
