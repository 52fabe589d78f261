"""Runtime properties: what an operation changed, merged key by key into what is there now."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durable_wf.codec import decode, encode
from durable_wf.graph.properties import difference, merge, same
from durable_wf.model.protocol import MISSING, PropertyChange
from tests.graph.kit import Storage

values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("xy", max_size=1), inner, max_size=2),
    max_leaves=4,
)
properties = st.dictionaries(st.sampled_from("abcd"), values, max_size=4)


def row(now):
    return Storage("web").rows["web"]._replace(runtime_properties_json=encode(now))


def merged(now, changes):
    """The properties after a merge, or the key in conflict."""
    new, conflict = merge(row(now), changes)
    if conflict is not None:
        assert new is None
        return conflict.key
    return now if new is None else decode(new.runtime_properties_json)


@given(properties, properties)
def test_a_difference_merged_into_what_was_read_gives_what_was_wanted(read, wanted):
    """Nothing twice: what was merged is not what was read any more."""
    changes = difference(read, wanted)
    assert encode(merged(read, changes)) == encode(wanted)
    new, conflict = merge(row(wanted), changes)
    assert new is None
    assert (conflict is not None) == bool(changes)


@given(properties, properties, properties)
def test_only_a_key_that_both_sides_changed_conflicts(read, mine, theirs):
    """Also where both want the same; it writes nothing. Every other change of either side is there afterwards."""
    changes = difference(read, mine)
    other = {change.key for change in difference(read, theirs)}
    conflicts = {change.key for change in changes} & other
    found = merged(theirs, changes)
    if conflicts:
        assert found in conflicts
        return
    for key in "abcd":
        source = mine if key in {change.key for change in changes} else theirs
        assert same(found.get(key, MISSING), source.get(key, MISSING))


def test_a_conflict_names_key_and_both_values():
    """What is there now, and what the operation wants."""
    new, conflict = merge(row({"port": 3}), [PropertyChange("name", MISSING, "x"), PropertyChange("port", 1, 2)])
    assert new is None
    assert conflict == PropertyChange("port", 3, 2)


@pytest.mark.parametrize(
    ("now", "change", "after"),
    [
        ({}, PropertyChange("a", MISSING, None), {"a": None}),
        ({"a": None}, PropertyChange("a", None, MISSING), {}),
        ({"a": 1}, PropertyChange("a", True, 2), "a"),
        ({"a": True}, PropertyChange("a", True, 1), {"a": 1}),
        ({}, PropertyChange("a", 1, MISSING), "a"),
        ({"a": 1}, PropertyChange("a", 0, 1), "a"),
        ({"a": {"x": 1}}, PropertyChange("a", {"x": 1}, {"x": 1, "y": 2}), {"a": {"x": 1, "y": 2}}),
    ],
    ids=["null is a value", "removed", "1 is not true", "true becomes 1", "gone already", "there already", "nested"],
)
def test_values_are_compared_as_json(now, change, after):
    """As the journal has them, true is not 1."""
    found = merged(now, [change])
    assert found == after if isinstance(after, str) else encode(found) == encode(after)


def test_two_that_count_from_one_value_conflict_although_they_agree():
    """Both read 0 and want 1: one of the two would be lost."""
    assert merged({"count": 1}, [PropertyChange("count", 0, 1)]) == "count"
