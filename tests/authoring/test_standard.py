"""Standard mode: tasks that start at once, and results that are fetched (workflow-api §1.6, §2.2, §3.5, §3.8)."""

from __future__ import annotations

import threading

import pytest
from cloudify.exceptions import NonRecoverableError, OperationRetry, RecoverableError

from durable_wf import RunOptions, workflow
from durable_wf.authoring.exceptions import StorageConflict
from durable_wf.authoring.functions import FunctionError
from durable_wf.codec import NotSerializable
from durable_wf.errors import UsageError
from tests.authoring import plugin
from tests.replay import kit
from tests.replay.work import WORLD, Broken, op

AT_ONCE = RunOptions(task_retries=2, task_retry_interval=0)


@workflow
def calls(ctx, function, kwargs, total_retries=None):
    """Run one function and give its result."""
    return ctx.execute_task(function, kwargs=kwargs, total_retries=total_retries, retry_interval=0).get()


def result_of(life, function, total_retries=None, **kwargs):
    """What `calls` gave, or raises what it raised."""
    uid, _ = life.run(calls, {"function": function, "kwargs": kwargs, "total_retries": total_retries}, options=AT_ONCE)
    return life.engine.result(uid)


@workflow
def by_function(ctx):
    """A function instead of its path."""
    return ctx.execute_task(plugin.without_ctx, kwargs={"value": 4}).get()


def test_execute_task_takes_a_path_or_a_function(lives):
    """Dots, a colon, or the function itself; ctx is passed where it is taken."""
    life = lives()
    assert result_of(life, "tests.authoring.plugin.without_ctx", value=1) == 2
    assert result_of(life, "tests.authoring.plugin:with_ctx", value=1) == "1 tests.authoring.plugin:with_ctx"
    assert result_of(life, "tests.authoring.plugin:with_all", a=1) == ["a", "ctx"]
    assert life.engine.result(life.run(by_function)[0]) == 5


def test_proxies_lead_to_the_real_ctx(lives):
    """`from cloudify import ctx` equals the ctx that is passed, both ways; parameters by attribute."""
    assert result_of(lives(), "tests.authoring.plugin:through_proxies", value=3) == [True, True, True, 3, 3]


@pytest.mark.parametrize("how", ["error", "recoverable", "retry", "direct"])
def test_total_retries_n_means_n_and_one_attempts(lives, how):
    """Retry numbers 0 to N; what still fails then is raised as it was."""
    life = lives()
    kinds = {"error": ValueError, "recoverable": RecoverableError, "retry": OperationRetry, "direct": OperationRetry}
    with pytest.raises(kinds[how]) as raised:
        result_of(life, "tests.authoring.plugin:tries", 3, succeed_at=9, how=how)
    assert type(raised.value) is kinds[how]
    assert WORLD.seen == [(0, 3), (1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("how", ["error", "recoverable", "retry"])
def test_an_attempt_that_succeeds_ends_it(lives, how):
    """The checklist's: three retries, and it succeeds at the last: four attempts."""
    life = lives()
    assert result_of(life, "tests.authoring.plugin:tries", 3, succeed_at=3, how=how) == [3, 3]
    assert len(WORLD.seen) == 4


def test_minus_one_has_no_limit(lives):
    """Far more tries than any default."""
    life = lives()
    assert result_of(life, "tests.authoring.plugin:tries", -1, succeed_at=30) == [30, -1]


def test_the_runs_own_number_of_retries_is_the_default(lives):
    """A task that says nothing has the execution's."""
    with pytest.raises(ValueError, match="error"):
        result_of(lives(), "tests.authoring.plugin:tries", succeed_at=9)
    assert [number for number, _ in WORLD.seen] == [0, 1, 2]


def test_a_non_recoverable_error_is_not_tried_again(lives):
    """One attempt, and the workflow is given the same class."""
    with pytest.raises(NonRecoverableError, match="never"):
        result_of(lives(), "tests.authoring.plugin:tries", 5, succeed_at=9, how="never")
    assert len(WORLD.seen) == 1


def test_an_error_after_asking_for_a_retry_wins(lives):
    """The function asked, then raised: its own error counts."""
    with pytest.raises(ValueError, match="wins"):
        result_of(lives(), "tests.authoring.plugin:tries", 0, succeed_at=9, how="raise after retry")


def test_retry_after_is_kept_in_the_error(lives):
    """The suffix of the reference, and the attribute."""
    with pytest.raises(RecoverableError) as raised:
        result_of(lives(), "tests.authoring.plugin:tries", 0, succeed_at=9, how="recoverable", after=0)
    assert str(raised.value) == "again [retry_after=0]"
    assert raised.value.retry_after == 0


def test_arguments_are_fresh_in_each_attempt(lives):
    """What an attempt did to a mutable argument is not seen by the next one."""
    assert result_of(lives(), "tests.authoring.plugin:mutates", box={"found": [7]}) == 2
    assert WORLD.seen == [[7, 1], [7, 1]]


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("set", r"result\.inner\[1\] is of type set"),
        ("nan", "result is the number nan"),
        ("keys", r"result \(key 1\) is keyed by int"),
        ("large", "result takes 1000003 bytes"),
    ],
)
def test_a_result_that_cannot_be_stored_is_a_failed_attempt(lives, what, text):
    """The error names the key, and what is wrong with it."""
    with pytest.raises(NotSerializable, match=text):
        result_of(lives(), "tests.authoring.plugin:returns", 0, what=what)


@workflow
def returns_badly(ctx):
    """A workflow's own result is no better."""
    return {"inner": {1}}


def test_a_workflow_result_that_cannot_be_stored_fails_it(lives):
    """As an operation's."""
    life = lives()
    uid, state = life.run(returns_badly)
    assert state == "failed"
    with pytest.raises(NotSerializable, match=r"the workflow's result\.inner is of type set"):
        life.engine.result(uid)


@workflow
def asks_badly(ctx):
    """Arguments that JSON cannot hold."""
    ctx.execute_task("tests.authoring.plugin:without_ctx", kwargs={"value": {1}})


def test_arguments_that_cannot_be_stored_are_refused_where_they_are_given(lives):
    """At the call; nothing of the task is written."""
    life = lives()
    uid, state = life.run(asks_badly)
    assert state == "failed"
    with pytest.raises(NotSerializable, match=r"the arguments of .*\.value is of type set"):
        life.engine.result(uid)
    assert kit.states(life, uid) == {}


@workflow
def local(ctx):
    """Local tasks of all sorts."""

    def configured(value=0):
        """Its own settings win over the invocation's."""
        return value

    configured.workflow_task_config = {"name": "own", "kwargs": {"value": 2}}
    found = [
        ctx.local_task(lambda: 1).get(),
        ctx.local_task(configured, kwargs={"value": 3}, name="given").get(),
        ctx.local_task(configured, kwargs={"value": 3}, name="given", override_task_config=True).get(),
        ctx.local_task(len, kwargs={}, name="broken", total_retries=0),
    ]
    try:
        found[3].get()
    except TypeError as error:
        found[3] = type(error).__name__
    return found


def test_local_tasks(lives):
    """Any callable; precedence of settings as in the reference; a failure is raised by its class."""
    life = lives()
    uid, _ = life.run(local)
    assert life.engine.result(uid) == [1, 2, 3, "TypeError"]
    assert set(kit.states(life, uid)) == {"<lambda>", "own", "given", "broken"}


@workflow
def unfetched(ctx, fetch):
    """Two tasks; the first one is fetched only where a test wants."""
    first = op(ctx, "a")
    op(ctx, "b").get()
    if fetch:
        first.get()
    return "returned"


def test_unfetched_tasks_are_awaited_at_the_end(lives):
    """The function has returned, the task still runs: the execution goes on until it has ended."""
    life = lives()
    with WORLD.gate("a"):
        uid = life.start(unfetched, {"fetch": False})
        WORLD.arrived("a")
        while kit.states(life, uid).get("b") != "succeeded":
            life.engine.host.ask(lambda: None)
        assert life.engine.info(uid).state == "started"
    assert life.wait(uid) == "terminated"
    assert life.engine.result(uid) == "returned"


def test_an_unfetched_failure_fails_the_workflow_with_the_original_exception(lives):
    """After its retries."""
    life = lives()
    WORLD.broken.add("a")
    uid, state = life.run(unfetched, {"fetch": False}, options=AT_ONCE)
    assert state == "failed"
    with pytest.raises(Exception, match="'a', 3") as raised:
        life.engine.result(uid)
    assert type(raised.value).__name__ == "Broken"
    assert WORLD.counts() == {"a": 3, "b": 1}


@workflow
def from_elsewhere(ctx, where):
    """Ask for a task where that is not allowed."""
    found = []

    def ask():
        try:
            op(ctx, "a")
        except UsageError as error:
            found.append(str(error))
            found.append(error.hint)
        return found

    if where == "local task":
        return ctx.local_task(ask).get()
    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    return found


@pytest.mark.parametrize("where", ["thread", "local task"])
def test_asking_from_another_thread_raises_and_names_the_rule(lives, where):
    """Nothing is asked for."""
    life = lives()
    uid, _ = life.run(from_elsewhere, {"where": where})
    text, hint = life.engine.result(uid)
    assert text == "only the workflow function's own thread may ask for tasks"
    assert "log and read only" in hint
    assert "a" not in kit.states(life, uid)


@workflow
def logging(ctx):
    """Log before, between and after tasks."""
    ctx.logger.info("one %s", 1)
    ctx.execute_task("tests.authoring.plugin:logs").get()
    ctx.logger.warning("two")
    return ctx.logger.name


def test_lines_are_events_in_their_order(lives):
    """The function's and the operation's, with their levels and whose they are."""
    life = lives()
    life.run(logging)
    found = [(event.type, event.level, event.message, event.task) for event in life.journal.events(1)]
    assert found == [
        ("workflow_log", "info", "one 1", None),
        ("plugin_log", "debug", "fine 1", 1),
        ("plugin_log", "error", "bad {'a': 2}", 1),
        ("workflow_log", "warning", "two", None),
    ]


def test_lines_of_a_failed_attempt_are_kept(lives):
    """Each attempt's, with its number."""
    life = lives()
    with pytest.raises(ValueError, match="no"):
        result_of(life, "tests.authoring.plugin:logs_and_fails", 1)
    assert [(one.message, one.attempt) for one in life.journal.events(1)] == [("attempt 0", 1), ("attempt 1", 2)]


@pytest.mark.parametrize(
    ("how", "text"),
    [
        ("wrong arguments", "%d of %s ('one',)"),
        ("half a pair", "file \\udcff.txt"),
        ("exception", "it failed\nTraceback (most recent call last):"),
    ],
)
def test_a_line_never_fails_an_operation(lives, how, text):
    """Wrong arguments, a traceback, what UTF-8 cannot hold."""
    life = lives()
    assert result_of(life, "tests.authoring.plugin:says", 0, how=how) is None
    (event,) = life.journal.events(1)
    assert event.message.startswith(text)
    if how == "exception":
        assert event.message.endswith("ValueError: inner")


def test_an_error_that_utf8_cannot_hold(lives):
    """It comes back, and its text is stored."""
    with pytest.raises(ValueError, match="\udcff"):
        result_of(lives(), "tests.authoring.plugin:says", 0, how="error")


@workflow
def odd_texts(ctx):
    """Texts that UTF-8 cannot hold, wherever a workflow may give one."""
    odd = b"\xff".decode("utf-8", "surrogateescape")
    ctx.logger.info(odd)
    ctx.send_event(odd, event_type=odd, additional_context={odd: odd}).get()
    ctx.local_task(lambda value: value, name=odd, kwargs={"value": odd}).get()
    try:
        ctx.execute_task(f"no.{odd}", total_retries=0).get()
    except FunctionError as error:
        return [type(error).__name__, odd]
    return None


def test_texts_that_utf8_cannot_hold_stop_nobody(lives):
    """They are stored as escapes where they are shown, and as they are where they are values."""
    life = lives()
    uid, state = life.run(odd_texts)
    assert state == "terminated"
    assert life.engine.result(uid) == ["FunctionError", "\udcff"]
    assert [event.message for event in life.journal.events(1)] == ["\\udcff", "\\udcff"]
    assert list(life.journal.verify()) == []


@pytest.mark.parametrize("after", ["nan", "minus", "text", "word", "none"])
def test_an_odd_retry_after_is_left_to_the_policy(lives, after):
    """Whatever a plugin gives, it is tried again, and nobody else's runner is disturbed."""
    assert result_of(lives(), "tests.authoring.plugin:asks_again", 1, retry_after=after) == 1


def test_an_endless_retry_after_is_bounded(lives):
    """Infinity waits for very long; the execution can be stopped meanwhile."""
    life = lives()
    uid = life.start(calls, {"function": "tests.authoring.plugin:asks_again", "kwargs": {"retry_after": "inf"}})
    while "rescheduled" not in kit.states(life, uid).values():
        life.engine.host.ask(lambda: None)
    life.engine.stop(uid)
    assert life.wait(uid) == "interrupted"


@workflow
def odd_policies(ctx):
    """Numbers of retries that are none."""
    found = []
    for retries, interval in (("many", 0), (None, "soon"), (None, float("inf")), ([1], 0)):
        try:
            ctx.execute_task("tests.authoring.plugin:without_ctx", total_retries=retries, retry_interval=interval)
        except (ValueError, TypeError, NotSerializable) as error:
            found.append(type(error).__name__)
    return found


def test_an_odd_policy_is_refused_where_it_is_given(lives):
    """At the call, in the function; nothing of the task is written."""
    life = lives()
    uid, _ = life.run(odd_policies)
    assert life.engine.result(uid) == ["ValueError", "ValueError", "NotSerializable", "TypeError"]
    assert kit.states(life, uid) == {}


@workflow
def gets_twice(ctx):
    """The same result, fetched again; a failure too."""
    good, bad = op(ctx, "a"), op(ctx, "b")
    found = [good.get(), good.get()]
    for _ in range(2):
        try:
            bad.get()
        except Broken as error:
            found.append(str(error))
    return found


def test_a_result_can_be_fetched_again(lives):
    """It is answered from what is known."""
    WORLD.broken.add("b")
    life = lives()
    uid, _ = life.run(gets_twice, options=kit.NO_RETRIES)
    assert life.engine.result(uid) == ["a done", "a done", "('b', 3)", "('b', 3)"]
    assert WORLD.counts() == {"a": 1, "b": 1}


@workflow
def sends(ctx):
    """Events with and without more to say."""
    ctx.send_event("plain").get()
    ctx.send_event("told", event_type="mine", args={"a": 1}, additional_context={"b": 2})
    return ctx.execution_id, ctx.workflow_id, ctx.resume, ctx.local, ctx.dry_run, ctx.deployment.id, list(ctx.nodes)


def test_events_and_what_the_ctx_shows_without_a_deployment(lives):
    """An event is a task of its own; there are no nodes."""
    life = lives()
    uid, _ = life.run(sends)
    first, second = life.journal.events(1)
    assert (first.type, first.message) == ("workflow_stage", "plain")
    assert (second.type, second.message) == ("mine", "told")
    assert second.context_json == '{"arguments":{"a":1},"b":2}'
    assert life.engine.result(uid) == [uid, "tests.authoring.test_standard:sends", False, True, False, None, []]


def test_the_conflict_of_two_operations_has_a_class():
    """It can be caught by name."""
    assert issubclass(StorageConflict, Exception)
