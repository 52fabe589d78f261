"""Functions of third parties: reference/blueprint-dsl.md §14, first paragraph."""

import pytest

from durable_wf.dsl.custom import Function, add_function, register, unregister
from durable_wf.dsl.deployment import DeploymentError
from durable_wf.dsl.evaluate import EvaluationError
from durable_wf.dsl.functions import function_of
from durable_wf.dsl.runtime import evaluate
from tests.dsl.kit import deployed
from tests.dsl.scopes import Scope


@pytest.fixture
def add():
    """Adds functions, and takes them out again."""
    names = []

    def adding(name, target, **options):
        add_function(name, target, **options)
        names.append(name)

    yield adding
    for name in names:
        unregister(name)


class Reversed(Function):
    """As the older system's functions are written."""

    def parse_args(self, args):
        if not isinstance(args, str):
            text = "reversed takes a text"
            raise ValueError(text)  # noqa: TRY004 -- what such functions raise
        self.text = args

    def evaluate(self, handler):
        return handler.evaluate(self.text[::-1])


OUTPUT = "inputs: {i: {default: abc}}\noutputs: {o: {value: {reversed: {get_input: i}}}}"


def test_a_name_that_is_not_registered_is_data():
    """As any mapping."""
    assert function_of({"reversed": "abc"}) is None
    assert deployed(OUTPUT).outputs["o"].value == {"reversed": "abc"}


@pytest.mark.parametrize("target", [Reversed, lambda text: text[::-1]], ids=["class", "callable"])
def test_a_function_of_a_third_party(add, target):
    """It is evaluated at creation when its arguments are known, else at run time."""
    add("reversed", target)
    assert deployed(OUTPUT).outputs["o"].value == "cba"
    waiting = {"reversed": {"get_secret": "s"}}
    assert deployed(f"outputs: {{o: {{value: {waiting}}}}}").outputs["o"].value == waiting
    assert evaluate(waiting, Scope(secrets={"s": "xy"})) == "yx"


def test_one_that_is_for_run_time_only(add):
    """It stays a call at creation."""
    add("reversed", Reversed, at_creation=False)
    assert deployed(OUTPUT).outputs["o"].value == {"reversed": "abc"}
    assert evaluate({"reversed": "abc"}, Scope()) == "cba"


def test_what_it_raises_is_an_error_of_the_blueprint(add):
    """With its own name; a result that JSON cannot hold too."""
    add("reversed", Reversed)
    add("bad", lambda _: {1, 2})
    with pytest.raises(EvaluationError, match="reversed: ValueError: reversed takes a text"):
        evaluate({"reversed": 5}, Scope())
    with pytest.raises(EvaluationError, match="what bad gives is of type set"):
        evaluate({"bad": 5}, Scope())
    head = "node_types: {T: {properties: {x: {}}}}\n"
    with pytest.raises(DeploymentError, match=r"node_templates.a.properties.x: reversed: ValueError"):
        deployed(head + "node_templates: {a: {type: T, properties: {x: {reversed: 5}}}}")


def test_the_languages_own_names_are_not_taken(add):
    """An error at once, and nothing is changed."""
    with pytest.raises(ValueError, match="'concat' is a function of the language"):
        add("concat", Reversed)
    with pytest.raises(TypeError, match="cannot be called"):
        add("thing", 5)
    unregister("concat")
    assert evaluate({"concat": ["a", "b"]}, Scope()) == "ab"


def test_the_older_systems_decorator():
    """`register`, at once or with a name."""
    try:

        @register(name="twice")
        class Twice(Function):
            def parse_args(self, args):
                self.args = args

            def evaluate(self, _handler):
                return self.args * 2

        assert register(Reversed, "turned") is Reversed
        assert evaluate({"turned": {"twice": "ab"}}, Scope()) == "baba"
        assert Twice("x").evaluate(None) == "xx"
    finally:
        unregister("twice")
        unregister("turned")
