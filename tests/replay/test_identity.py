"""What a replay gives and takes: values, exceptions, arguments that differ, `ctx.resume`, code that differs."""

from __future__ import annotations

import itertools

import pytest

from durable_wf import operation, workflow
from durable_wf.authoring.exceptions import RecordedError
from durable_wf.errors import CodeDiffersError
from tests.replay import errors, kit
from tests.replay.work import WORLD, op

_TIMES = itertools.count(1)


@workflow
def with_the_time(ctx):
    """Scenario 22: an argument that is another one each time."""
    return op(ctx, "a", at=next(_TIMES)).get() + op(ctx, "b").get()


def test_22_arguments_that_differ_are_told_and_the_journals_are_used(lives):
    """A warning names the argument and both values; the stored request stays what it was."""
    life = lives()
    with WORLD.gate("b"):
        uid = life.start(with_the_time)
        WORLD.arrived("b")
        life.die()
    second = lives()
    stored = second.journal.stored("payload", 1)
    assert second.resume(uid) == "terminated"
    assert second.journal.stored("payload", 1) == stored
    (event,) = second.journal.events(1)
    assert event.level == "warning"
    assert "operation tests.replay.work:work: arguments differ from the journal's, which are used: " in event.message
    assert "kwargs.at: " in event.message


def test_22_at_every_commit(new_store):
    """Wherever the process dies, nothing runs with two sets of arguments."""

    def script(play):
        play.run(with_the_time)
        story_args = {body for _, _, body, *_ in kit.tasks_of(play.life.journal, 1) if '"at"' in body}
        assert len(story_args) == 1

    for at, after in itertools.product(range(1, 9), (False, True)):
        story, _ = kit.perform(script, new_store(), at=at, after=after)
        assert story.result == "a doneb done"


@workflow
def gets_a_tuple(ctx):
    """Scenario 23."""
    found = ctx.local_task(lambda: (1, (2, 3)), name="pair").get()
    op(ctx, "after").get()
    return [type(found).__name__, found]


def test_23_values_are_what_json_makes_of_them(new_store):
    """Live and in replay the function gets a list."""

    def script(play):
        if play.run(gets_a_tuple) == "interrupted":
            play.resume(reset_operations=True)

    assert kit.at_every_commit(script, new_store).result == ["list", [1, [2, 3]]]


@workflow
def catches(ctx, what):
    """Scenario 24: what it is given, as text."""
    try:
        ctx.execute_task(errors.raises, kwargs={"what": what}, total_retries=0).get()
    except Exception as error:  # noqa: BLE001 - whatever it is given
        seen = [type(error).__name__, [str(one) for one in error.args], getattr(error, "where", None), str(error)]
    else:
        seen = None
    op(ctx, "after").get()
    return seen


STAND_IN = RecordedError.__name__


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("mine", ["MyError", ["x", "3"], None, "('x', 3)"]),
        ("keyed", ["Keyed", ["code 7 at here"], "here", "code 7 at here"]),
        ("os", ["FileNotFoundError", ["2", "no such file"], None, "[Errno 2] no such file"]),
        ("unspeakable", [STAND_IN, None, None, "Unspeakable: (Unspeakable cannot say its text: ValueError)"]),
        ("nested", [STAND_IN, None, None, "nested.<locals>.Inner: lost"]),
        ("not json", [STAND_IN, ["tests.replay.errors:MyError", "b'x'"], None, "MyError: b'x'"]),
        ("process", ["CalledProcessError", ["3", "['ls']"], None, "Command '['ls']' returned non-zero exit status 3."]),
        ("exit", [STAND_IN, None, None, "SystemExit: 4"]),
        ("interrupt", [STAND_IN, None, None, "KeyboardInterrupt: "]),
    ],
)
def test_24_exceptions_come_back_by_class_and_arguments(lives, what, expected):
    """The same live and in replay; what cannot be had again is a stand-in that says what it was, live too."""
    live = lives()
    uid, state = live.run(catches, {"what": what})
    assert state == "terminated"
    seen = live.engine.result(uid)
    for found, wanted in zip(seen, expected, strict=True):
        assert wanted is None or found == wanted
    with WORLD.gate("after"):
        uid = live.start(catches, {"what": what})
        WORLD.arrived("after")
        live.die()
    second = lives()
    assert second.resume(uid) == "terminated"
    assert second.engine.result(uid) == seen


@workflow
def asks_whether_resumed(ctx):
    """Scenario 20: what `ctx.resume` says at each line."""
    seen = [ctx.resume]
    for name in ("a", "b", "c"):
        op(ctx, name).get()
        seen.append(ctx.resume)
        if ctx.resume:
            op(ctx, f"clean {name}").get()
    return seen


def test_20_ctx_resume_answers_as_it_did_when_the_line_first_ran(lives):
    """False in what is replayed, true after; and in a later replay, true again where it was true."""
    uid = None
    for name in ("b", "c"):
        life = lives()
        with WORLD.gate(name):
            if uid is None:
                uid = life.start(asks_whether_resumed)
            else:
                life.engine.resume(uid)
            WORLD.arrived(name)
            life.die()
    last = lives()
    assert last.resume(uid) == "terminated"
    assert last.engine.result(uid) == [False, False, True, True]
    assert [name for name in WORLD.names() if name.startswith("clean")] == ["clean b", "clean c"]


def test_20_at_every_commit_the_replays_agree(new_store):
    """Up to four deaths: no replay sees another answer than the run before it, whatever the answer is."""

    def script(play):
        assert play.run(asks_whether_resumed) == "terminated"

    for at, after in itertools.product(range(1, 20), (False, True)):
        story, kills = kit.perform(script, new_store(), at=at, after=after, deaths=4)
        assert story.result == sorted(story.result)
        if kills == 0:
            break


@workflow
def reads_its_view_first(ctx):
    """Reads before it asks for anything."""
    seen = sorted(node.id for node in ctx.nodes)
    op(ctx, "a").get()
    op(ctx, "b").get()
    return seen


def test_a_runner_that_dies_before_it_begins_leaves_an_execution_that_can_be_resumed_twice(lives):
    """Killed after the first commit, and again later: the first line of the function is answered as it was."""
    life = lives(at=1, after=True)
    with pytest.raises(kit.Crash):
        life.start(reads_its_view_first)
    life.settle_death()
    second = lives()
    uid = second.engine.executions()[0].id
    with WORLD.gate("b"):
        second.engine.resume(uid)
        WORLD.arrived("b")
        second.die()
    assert lives().resume(uid) == "terminated"
    assert WORLD.counts() == {"a": 1, "b": 2}


@workflow
def other_code(ctx):
    """Asks for what the world says."""
    for name in WORLD.order:
        op(ctx, name) if name != "named" else ctx.execute_task(other_operation)
    op(ctx, "last").get()
    return "done"


@operation(resumable=True)
def other_operation():
    """Another key."""


@pytest.mark.parametrize(
    ("then", "now", "journal", "code"),
    [
        (["named"], [], "operation tests.replay.test_identity:other_operation", ""),
        ([], ["named"], None, None),
        (["named", "a"], ["a"], "operation tests.replay.test_identity:other_operation", ""),
    ],
)
def test_code_that_differs_is_refused_and_changes_nothing(lives, then, now, journal, code):
    """What the journal remembers and the function does not ask for; more than it remembers is simply new."""
    WORLD.order = then
    life = lives()
    with WORLD.gate("last"):
        uid = life.start(other_code)
        WORLD.arrived("last")
        life.die()
    WORLD.order = now
    second = lives()
    if journal is None:
        assert second.resume(uid) == "terminated"
        return
    with pytest.raises(CodeDiffersError) as refused:
        second.resume(uid)
    lines = [[part.strip() for part in line.split("|")] for line in str(refused.value).splitlines() if "|" in line]
    assert lines[0] == ["journal says", "code does"]
    assert [journal, code] in lines[1:]
    before = kit.dump(second.journal, 1)
    ran = WORLD.names()
    with pytest.raises(CodeDiffersError):
        second.resume(uid)
    assert kit.dump(second.journal, 1) == before
    assert WORLD.names() == ran
    assert second.engine.info(uid).state == "interrupted"
    assert second.engine.find(uid).report == refused.value.args[0].partition("\n")[2]
    WORLD.order = then
    assert second.resume(uid) == "terminated"
    assert second.engine.find(uid).report is None
    assert list(second.journal.verify()) == []


def test_a_function_that_ends_too_early_is_refused(lives):
    """It returns although the journal remembers more."""
    WORLD.order = ["a"]
    life = lives()
    with WORLD.gate("last"):
        uid = life.start(ends_early)
        WORLD.arrived("last")
        life.die()
    WORLD.broken.add("early")
    second = lives()
    with pytest.raises(CodeDiffersError, match=r"\(the function ends\)"):
        second.resume(uid)
    WORLD.broken.clear()
    assert second.resume(uid) == "terminated"


@workflow
def ends_early(ctx):
    """Returns before its work when the world says so."""
    if "early" in WORLD.broken:
        return "early"
    op(ctx, "a").get()
    return op(ctx, "last").get()


@workflow
def talks(ctx):
    """Says something between its tasks, one line twice."""
    ctx.logger.info("begins")
    for name in ("a", "b"):
        ctx.logger.info("next")
        op(ctx, name).get()
        ctx.execute_task(says, kwargs={"text": f"in {name}"}).get()
    ctx.logger.warning("ends")


@operation(resumable=True)
def says(ctx, text):
    """Says one line."""
    ctx.logger.info(text)


def test_every_line_is_told_once_wherever_the_process_dies(new_store):
    """Not again in a replay, and not lost where the process died before it was written."""
    for at, after in itertools.product(range(1, 30), (False, True)):
        told = []

        def script(play, told=told):
            assert play.run(talks) == "terminated"
            told += [event.message for event in play.life.journal.events(1)]

        _, kills = kit.perform(script, new_store(), at=at, after=after, deaths=3)
        assert told == ["begins", "next", "in a", "next", "in b", "ends"], f"{at} {after}"
        if kills == 0:
            break
