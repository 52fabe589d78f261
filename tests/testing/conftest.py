"""Fixtures of the kit's tests: flows that inner pytest runs import, and what such a run is made with."""

from __future__ import annotations

import pytest

# What an inner run imports and the outer one has not, pytest's `pytester` forgets again: these are kept.
import durable_wf.engine
import durable_wf.engine.offline
import durable_wf.journal.sqlite
import durable_wf.testing.judge
import durable_wf.testing.lab
import durable_wf.testing.replaying  # noqa: F401

FLOWS = """
from durable_wf import operation, ctx, RecoverableError, workflow

RAN = []
FAILS = []


@operation(resumable=True)
def step(name, **_):
    RAN.append(name)
    if FAILS:
        raise RecoverableError("not yet", retry_after=FAILS.pop())
    return name


@operation
def once(name, **_):
    RAN.append(name)
    return name


@workflow
def three(ctx, **_):
    return [ctx.execute_task(step, kwargs={"name": name}).get() for name in "abc"]


@workflow
def careful(ctx, **_):
    return [ctx.execute_task(once, kwargs={"name": name}).get() for name in "ab"]
"""


@pytest.fixture
def inner(pytester):
    """Runs a test file, with `flows` beside it, in a pytest of its own; its outcomes."""
    pytester.makepyfile(flows=FLOWS)
    pytester.makeini("[pytest]\nfilterwarnings = error\naddopts = --strict-markers -p no:cacheprovider\n")

    def run(text, *args):
        pytester.makepyfile(test_inner="import pytest, flows\n" + text)
        return pytester.runpytest_inprocess(*args)

    return run
