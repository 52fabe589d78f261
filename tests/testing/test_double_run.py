"""`assert_no_double_run`: what it lets pass, and each thing that it fails on, with the story."""

import pytest

from durable_wf import RecoverableError, RunOptions, ctx, operation, workflow
from durable_wf.journal.memory import MemoryJournal
from durable_wf.model.states import ATTEMPT, TASK, TE, A
from durable_wf.testing import assert_no_double_run
from durable_wf.testing.stores import Performed

KEYS = []
FAIL = []


@operation(resumable=True)
def step(name, **_):
    KEYS.append(ctx.operation.idempotency_key)
    if FAIL:
        FAIL.pop()
        raise RecoverableError(retry_after=0)
    return name


@operation
def once(name, **_):
    KEYS.append(ctx.operation.idempotency_key)
    return name


@workflow
def flow(ctx, **_):
    return [ctx.execute_task(one, kwargs={"name": "x"}).get() for one in (step, once)]


@pytest.fixture(autouse=True)
def clean():
    KEYS.clear()
    FAIL.clear()


class Told:
    """A journal that says something else of its attempts or transitions."""

    def __init__(self, inner, attempts=None, transitions=None):
        self._inner, self._attempts, self._transitions = inner, attempts, transitions

    def __getattr__(self, name):
        return getattr(self._inner, name)

    def stored(self, table, owner):
        rows = self._inner.stored(table, owner)
        return self._attempts(rows) if table == "attempt" and self._attempts else rows

    def transitions(self, execution, *, since=0):
        rows = self._inner.transitions(execution, since=since)
        return self._transitions(rows) if self._transitions else rows


def test_retries_and_a_crash_are_no_double_run(wf_engine, crash_at):
    FAIL[:] = [1]
    with crash_at("after:attempt.succeeded") as crash:
        wf_engine.finish(wf_engine.start(flow, options=RunOptions(task_retries=3)))
    crash.resume()
    assert_no_double_run(crash.restart(), ran=KEYS)
    assert len(KEYS) == 3


@pytest.mark.wf_engine(journal="file")
def test_a_journal_can_be_judged_by_its_path_alone(wf_engine):
    uid = wf_engine.start(flow)
    wf_engine.finish(uid)
    assert_no_double_run(wf_engine.store.path, uid, ran=KEYS)
    assert_no_double_run(str(wf_engine.store.path))


def test_an_operation_that_says_it_ran_oftener_than_there_are_attempts_fails(wf_engine):
    wf_engine.finish(wf_engine.start(flow))
    with pytest.raises(AssertionError, match=r"task 1 .*step\): it ran 2 times in 1 attempts") as caught:
        assert_no_double_run(wf_engine, ran=[*KEYS, KEYS[0]])
    assert "attempt 1: succeeded, 20" in str(caught.value)
    assert "succeeded, the task is succeeded" in str(caught.value)


def test_an_attempt_that_an_engine_ran_twice_fails(wf_engine):
    uid = wf_engine.start(flow)
    wf_engine.finish(uid)
    wf_engine.performed.append(Performed(uid, 2, 1))
    with pytest.raises(AssertionError, match="attempt 1 was run 2 times"):
        assert_no_double_run(wf_engine, uid)


def test_an_attempt_that_the_journal_does_not_know_fails(wf_engine):
    uid = wf_engine.start(flow)
    wf_engine.finish(uid)
    wf_engine.performed.append(Performed(uid, 2, 2))
    with pytest.raises(AssertionError, match="attempt 2 was run 1 times"):
        assert_no_double_run(wf_engine, uid)


def test_an_attempt_after_a_success_fails(wf_engine):
    wf_engine.finish(wf_engine.start(flow))

    def doubled(rows):
        return [*rows, rows[0]._replace(number=2, seq=rows[0].seq + 1000)]

    with pytest.raises(AssertionError, match="tried again after attempt 1 had succeeded"):
        assert_no_double_run(Told(wf_engine.journal, attempts=doubled))


def test_two_attempts_at_a_time_fail(wf_engine):
    wf_engine.finish(wf_engine.start(flow))

    def overlapping(rows):
        first = rows[0]._replace(state=ATTEMPT.code(A.FAILED))
        return [first, first._replace(number=2), *rows[1:]]

    with pytest.raises(AssertionError, match="attempt 2 began before attempt 1 was over"):
        assert_no_double_run(Told(wf_engine.journal, attempts=overlapping))


@pytest.mark.parametrize(("task", "fails"), [(1, False), (2, True)])
def test_a_repetition_after_an_unknown_outcome_needs_a_declaration_or_a_persons_word(wf_engine, task, fails):
    wf_engine.finish(wf_engine.start(flow))

    def rerun(rows):
        last = [row for row in rows if row.subject_no == task and row.attempt is not None][-1]
        return [*rows, last._replace(event=TASK.events.index(TE.RERUN), attempt=None, attempt_target=None)]

    told = Told(wf_engine.journal, transitions=rerun)
    if fails:
        with pytest.raises(AssertionError, match="not resumable, and it was repeated without a person's word"):
            assert_no_double_run(told)
    else:
        assert_no_double_run(told)


def test_a_persons_word_is_enough(wf_engine, crash_at):
    with crash_at("before:task.succeeded", 2) as crash:
        wf_engine.finish(wf_engine.start(flow))
    assert crash.resume() == "interrupted"
    assert crash.resume(reset_operations=True) == "terminated"
    assert_no_double_run(crash.restart(), ran=KEYS)


def test_an_empty_journal_has_no_double_run():
    assert_no_double_run(MemoryJournal())
