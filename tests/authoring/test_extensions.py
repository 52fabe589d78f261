"""Functions of the blueprint language from installed packages (blueprint-dsl §14)."""

from __future__ import annotations

import sys
from textwrap import dedent

import pytest

from durable_wf.authoring.extensions import load_functions
from durable_wf.dsl.functions import FUNCTIONS, unregister
from durable_wf.engine.code import prepare_functions

MODULE = """\
from dsl_parser import functions

class Join(functions.Function):
    def parse_args(self, args):
        self.args = args

    def validate(self, plan):
        raise AssertionError("no plan is given")

    def evaluate(self, handler):
        return "-".join(self.args)

def double(arguments):
    return arguments * 2
"""

ENTRY_POINTS = """\
[cloudify.tosca.ext.functions]
join_words = some_functions:Join
concat = some_functions:Join

[durable_wf.functions]
double = some_functions:double
broken = some_functions:not_there
no_function = some_functions:__name__
"""

BLUEPRINT = """\
tosca_definitions_version: cloudify_dsl_1_5
outputs:
  words: {value: {double: {join_words: [a, {get_input: i}]}}}
  plain: {value: {concat: [a, b]}}
  broken: {value: {broken: 1}}
inputs: {i: {default: b}}
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An installed package that offers functions."""
    info = tmp_path / "site" / "some_functions-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: some-functions\nVersion: 1\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    (tmp_path / "site" / "some_functions.py").write_text(dedent(MODULE))
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "site")])
    load_functions.cache_clear()
    yield
    for name in [name for name, row in FUNCTIONS.items() if row.custom is not None]:
        unregister(name)
    sys.modules.pop("some_functions", None)
    load_functions.cache_clear()


def test_functions_by_entry_point(life, package, tmp_path):
    """Of the older system's group as it makes them, of ours as plain callables; a broken one fails where it is used."""
    (tmp_path / "b.yaml").write_text(BLUEPRINT)
    life.engine.deployments.create(tmp_path / "b.yaml", "d")
    found = life.engine.deployments.outputs("d")
    assert (found["words"], found["plain"]) == ("a-ba-b", "ab")
    assert "durable_wf.functions: broken = some_functions:not_there cannot be loaded: AttributeError" in found["broken"]


def test_what_cannot_be_used_is_said(package, caplog):
    """A name of the language's own, and what cannot be called, are warnings of a logger."""
    prepare_functions()
    assert FUNCTIONS["concat"].custom is None
    said = [record.getMessage() for record in caplog.records]
    assert [line.split(" is not used: ")[0] for line in said] == [
        "cloudify.tosca.ext.functions: concat = some_functions:Join",
        "durable_wf.functions: no_function = some_functions:__name__",
    ]
