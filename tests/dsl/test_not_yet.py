"""Keys that the engine cannot do yet: each is refused by a row of the list, and only by that."""

import pytest

from durable_wf.dsl import not_yet
from durable_wf.dsl.grammar import BLUEPRINT
from tests.dsl.kit import codes, compiled, problems
from tests.dsl.test_grammar import rows

OPERATION = "node_templates: {n: {type: cloudify.nodes.Root, interfaces: {i: {go: {implementation: p.f, %s}}}}}"
REFUSED = ["retry: {stop: {attempts: 3}}", "retry: {}", "timeout: 1", "timeout: 0.5", "on_unknown: reattach"]
FINE = ["retry: null", "timeout: 0", "timeout: null", "timeout_recoverable: true"]


def test_every_row_of_the_list_is_one_of_the_grammar():
    """Nothing in it is forgotten when its row goes."""
    assert {row.later for _, row in rows(BLUEPRINT)} - {""} == set(not_yet.NOT_YET)


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_refused_is_one_problem_at_its_key(text):
    """The sentence names what was written, and what to do."""
    (one,) = problems(OPERATION % text)
    key = text.partition(":")[0]
    assert (one.code, one.path) == ("not-built", f"node_templates.n.interfaces.i.go.{key}")
    assert "this version of durable-wf cannot do" in one.message
    assert key in one.message


@pytest.mark.parametrize("text", [*FINE, "on_unknown: rerun", "on_unknown: ask", "on_unknown: fail"])
def test_what_asks_for_nothing_is_accepted(text):
    """So is what the engine does."""
    assert codes(OPERATION % text) == []


@pytest.mark.parametrize("text", REFUSED)
def test_work_that_builds_a_key_takes_its_row_away(text, monkeypatch):
    """And that is all it has to do for it to be accepted, but for words that the grammar has to learn."""
    key = text.partition(":")[0]
    monkeypatch.setattr(not_yet, "NOT_YET", {name: row for name, row in not_yet.NOT_YET.items() if name != key})
    assert codes(OPERATION % text) == (["bad-value"] if key == "on_unknown" else [])


def test_the_input_of_an_operation_may_be_called_so():
    """Only the keys of the language are refused."""
    found = compiled(OPERATION % "inputs: {timeout: 5, retry: 1}").nodes["n"].operations["i.go"]
    assert found.inputs == {"timeout": 5, "retry": 1}
