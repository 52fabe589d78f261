"""YAML as it is read: scalars, merges, copies, places."""

import pytest

from durable_wf.dsl.composer import compose
from durable_wf.dsl.problems import Report
from durable_wf.dsl.source import plain
from durable_wf.sources.port import SourceFile


def read(text):
    report = Report()
    value = compose(SourceFile("f.yaml", "f.yaml", text.encode(), ""), report)
    assert report.problems == ()
    return value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("0x1F", 31),
        ("017", 15),
        ("1_000", 1000),
        ("22:22", 1342),
        ("-9223372036854775808", -(2**63)),
        ("1.5", 1.5),
        ("1e3", "1e3"),
        ("yes", True),
        ("Off", False),
        ("~", None),
        ("", None),
        ("null", None),
        ("'1'", "1"),
        ("!!str 1", "1"),
        ("!!int '1'", 1),
        ("! 1", "1"),
        ("2024-01-31", "2024-01-31"),
        ("=", "="),
        ("<<", "<<"),
        ("[<<, 1]", ["<<", 1]),
        ("|\n  a\n  b\n", "a\nb\n"),
        ("grün 🌳", "grün 🌳"),
    ],
)
def test_scalars_are_those_of_yaml_1_1(text, value):
    """As PyYAML's safe loader reads them, but for dates, which stay the text: a plan is JSON."""
    found = plain(read(text))
    assert (found, type(found)) == (value, type(value))


def test_merge_keys():
    """Own keys win over merged ones, earlier merged ones over later; merged ones come first."""
    text = """
    a: &a {x: 1, y: 1}
    b: &b {y: 2, z: 2}
    c: {z: 3, <<: [*a, *b], w: 3}
    d: {<<: *a, x: 4}
    """
    found = plain(read(text))
    assert found["c"] == {"x": 1, "y": 1, "z": 3, "w": 3}
    assert list(found["c"]) == ["x", "y", "z", "w"]
    assert found["d"] == {"x": 4, "y": 1}


def test_aliased_values_are_copies():
    """What is made of a tree shares nothing: a change in one place is none in the other (§2, §14)."""
    found = plain(read("a: &a {x: [1]}\nb: *a\n"))
    found["a"]["x"].append(2)
    assert found["b"] == {"x": [1]}


def test_every_value_knows_its_place():
    """Keys and values, lines and columns from 1; an aliased value is where it was written."""
    root = read("a:\n  - 1\n  - {b: &x two}\nc: *x\n")
    assert str(root.pairs["a"].key) == "f.yaml:1:1"
    assert str(root.pairs["a"].value.items[1].pairs["b"].key) == "f.yaml:3:6"
    assert str(root.pairs["a"].value.items[1].pairs["b"].value.place) == "f.yaml:3:9"
    assert str(root.pairs["c"].key) == "f.yaml:4:1"
    assert str(root.get("c").place) == "f.yaml:3:9"


def test_an_anchor_may_be_used_anew():
    """The last one above an alias counts, as YAML says."""
    assert plain(read("a: &x 1\nb: *x\nc: &x 2\nd: *x\n")) == {"a": 1, "b": 1, "c": 2, "d": 2}
