"""`explain`, and that every error that people can meet has a code, an explanation and an exit code."""

import pytest

from durable_wf.cli.failures import EXIT_CODES, EXIT_OF_STATE
from durable_wf.cli.helping import _errors, explanations
from durable_wf.dsl.problems import EXPLANATIONS
from durable_wf.errors import DurableError
from durable_wf.model.states import EXECUTION, X


@pytest.mark.parametrize(
    "code", ["asks", "journal-behind-head", "unknown-node-type", "not-serializable", "[held]", "9"]
)
def test_a_code_is_explained(inside, code):
    found = inside.json("explain", code)
    assert found["code"] == code.strip("[]")
    assert found["explanation"] in inside("explain", code).stdout


def test_every_class_of_error_can_be_explained():
    known = explanations()
    kinds = list(_errors())
    assert len(kinds) > 15
    for kind in kinds:
        assert kind.code in known
        assert kind.explanation.endswith(".")
        assert kind.exit_code in EXIT_CODES, kind


def test_every_problem_of_a_blueprint_can_be_explained():
    known = explanations()
    assert {known[name].exit_code for name in EXPLANATIONS} == {3}


def test_codes_do_not_mean_two_things():
    by_code = {}
    for kind in _errors():
        by_code.setdefault(kind.code, set()).add(kind.explanation)
    assert {code: texts for code, texts in by_code.items() if len(texts) > 1} == {}
    assert not by_code.keys() & EXPLANATIONS.keys()


def test_the_table_of_exit_codes_is_shown(inside):
    found = inside.json("explain", "exit-codes", shape="explain exit-codes")["items"]
    assert {one["exit_code"] for one in found} == set(EXIT_CODES)
    assert {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 124, 130, 143} <= set(EXIT_CODES)
    assert "124" in inside("explain", "exit-codes").stdout


def test_every_state_that_a_wait_can_end_in_has_an_exit_code():
    moving = {X.PENDING, X.STARTED, X.CANCELLING, X.FORCE_CANCELLING, X.KILL_CANCELLING}
    assert set(EXIT_OF_STATE) == set(X) - moving
    assert EXECUTION.ended <= set(EXIT_OF_STATE)


def test_an_unknown_code_shows_near_ones(inside):
    said = inside("explain", "journal-damagd", code=7).stderr
    assert "did you mean 'journal-damaged'" in said


def test_the_base_of_all_errors_is_explained_too():
    assert explanations()["error"].explanation == DurableError.explanation
