"""Decorators, functions by their path, and how they are called (workflow-api §1)."""

from __future__ import annotations

import functools

import pytest

from durable_wf import NonRecoverableError, operation, workflow
from durable_wf.authoring import functions
from durable_wf.authoring.functions import FunctionError
from durable_wf.errors import UsageError
from tests.authoring import plugin


@pytest.mark.parametrize("decorator", [workflow, operation])
def test_a_decorator_returns_the_same_function_bare_or_with_arguments(decorator):
    """It marks the function, and wraps nothing; unknown arguments are swallowed."""

    def function():
        """Do nothing."""

    assert decorator(function) is function
    assert decorator()(function) is function
    assert decorator(resumable=True, something="else")(function) is function
    assert function.resumable is True


def test_what_decorators_mark():
    """Defaults of both, as in the reference."""
    one = workflow(lambda: None)
    assert one.workflow_system_wide is False
    assert workflow(system_wide=True)(lambda: None).workflow_system_wide is True
    assert one.resumable is False
    assert not functions.refuses_resume(one)
    assert not functions.refuses_resume(lambda: None)
    assert not functions.refuses_resume(workflow(resumable=True)(lambda: None))
    assert functions.refuses_resume(workflow(resumable=False)(lambda: None))
    positional = workflow(lambda: None, True, False)
    assert positional.workflow_system_wide is True
    assert functions.refuses_resume(positional)
    assert operation(lambda: None, True).resumable is True
    assert operation(lambda: None).resumable is False
    assert operation(resumable=True)(lambda: None).resumable is True


def test_a_path_leads_back_to_its_function():
    """With a colon or with dots."""
    path = functions.path_of(plugin.without_ctx)
    assert path == "tests.authoring.plugin:without_ctx"
    assert functions.find(path) is plugin.without_ctx
    assert functions.find("tests.authoring.plugin.without_ctx") is plugin.without_ctx


@pytest.mark.parametrize("function", [lambda: None, [].append, functools.partial(print)])
def test_what_cannot_be_found_again_has_no_path(function):
    """A lambda, a bound method, a partial: the hint says what to do."""
    with pytest.raises(FunctionError, match="cannot be found again by its name") as refused:
        functions.path_of(function)
    assert "local_task" in refused.value.hint


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("no_such_module:f", "No module named no_such_module"),
        ("tests.authoring.nothing.f", "No module named tests.authoring.nothing"),
        ("tests.authoring.plugin:nothing", "tests.authoring.plugin has no function named 'nothing'"),
        ("tests.authoring.plugin.nothing", "tests.authoring.plugin has no function named 'nothing'"),
        ("tests.authoring.plugin:WORLD", "tests.authoring.plugin:WORLD is not callable"),
        ("alone", "'alone' is not the path of a function"),
        (":f", "':f' is not the path of a function"),
    ],
)
def test_a_path_that_leads_nowhere_says_where_it_ends(path, text):
    """What is missing is named."""
    with pytest.raises(FunctionError) as refused:
        functions.find(path)
    assert text in str(refused.value)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (plugin.without_ctx, {"value": 1}),
        (plugin.with_ctx, {"value": 1, "ctx": "the ctx"}),
        (plugin.with_all, {"value": 1, "ctx": "the ctx"}),
        (print, {"value": 1}),
    ],
)
def test_ctx_is_given_to_a_function_that_takes_it(function, expected):
    """By name or by `**kwargs`; a function of others is called without."""
    assert functions.with_ctx(function, {"value": 1}, "the ctx") == expected


def test_a_callable_that_cannot_be_hashed_is_called_all_the_same():
    """An object with `__call__` and `__eq__` is a function as any."""

    class Callable:
        __hash__ = None

        def __call__(self, ctx):
            """Do nothing."""

    assert functions.with_ctx(Callable(), {}, "the ctx") == {"ctx": "the ctx"}


@workflow
async def asynchronous(ctx):
    """Not a plain function."""


@workflow
def asks_for_async(ctx):
    """Asks for an operation that is none."""
    ctx.execute_task("tests.authoring.plugin.asynchronous", total_retries=0).get()


def test_async_is_refused_with_a_clear_sentence(lives):
    """A workflow before anything is written; an operation as its failure."""
    life = lives()
    with pytest.raises(FunctionError, match="`async def`; workflows and operations are plain functions") as refused:
        life.start(asynchronous)
    assert "asyncio.run" in refused.value.hint
    assert life.engine.executions() == []
    uid, state = life.run(asks_for_async)
    assert state == "failed"
    with pytest.raises(Exception, match=r"tests\.authoring\.plugin\.asynchronous is `async def`"):
        life.engine.result(uid)


@workflow
def asks_for_nothing(ctx):
    """Asks for an operation that is not there, with retries without end."""
    ctx.execute_task("tests.authoring.plugin.nothing").get()


def test_an_operation_that_is_not_there_is_not_tried_again(lives):
    """NonRecoverableError, as in the older system."""
    life = lives()
    uid, state = life.run(asks_for_nothing)
    assert state == "failed"
    with pytest.raises(NonRecoverableError, match=r"tests\.authoring\.plugin has no function named 'nothing'"):
        life.engine.result(uid)
    assert len(life.journal.stored("attempt", 1)) == 1


@workflow(resumable=False)
def not_resumable(ctx):
    """Says that it must not be resumed."""
    text = "always"
    raise ValueError(text)


def test_a_workflow_that_says_so_is_not_resumed(lives):
    """`resumable=False` refuses, before anything is written."""
    life = lives()
    uid, _ = life.run(not_resumable)
    with pytest.raises(UsageError, match=r"Cannot resume - workflow not resumable: .* is declared resumable=False"):
        life.engine.resume(uid)
    assert life.engine.find(uid).fence == 1
