"""Retry policies: how many attempts, and what is waited for before each."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durable_wf.clock import Instant, remaining_us
from durable_wf.codec import decode, encode
from durable_wf.retry import INFINITE, MAX_DELAY_S, Policy, delay_s, usable_s


def retry(policy, retries, *, recoverable=True, after=None):
    return delay_s(policy, retries=retries, recoverable=recoverable, retry_after_s=after)


@pytest.mark.parametrize("total", [0, 1, 5])
def test_total_retries_is_how_often_a_failure_is_tried_again(total):
    """N retries are at most N + 1 attempts (§3.1); 0 is one attempt."""
    policy = Policy(total_retries=total, retry_interval_s=7.0)
    assert [retry(policy, done) for done in range(total)] == [7.0] * total
    assert retry(policy, total) is None


def test_infinite_retries_never_end():
    """-1 is without limit."""
    assert retry(Policy(INFINITE, 1.0), 1_000_000) == 1.0


def test_a_failure_that_is_not_recoverable_ends_the_task():
    """NonRecoverableError wins over everything (§3.8)."""
    assert retry(Policy(INFINITE), 0, recoverable=False, after=1.0) is None


def test_the_failures_own_delay_wins_over_the_interval_once():
    """`RecoverableError(retry_after=…)`; it does not buy another retry."""
    policy = Policy(1, 30.0)
    assert retry(policy, 0, after=0.25) == 0.25
    assert retry(policy, 0, after=0.0) == 0.0
    assert retry(policy, 1, after=0.25) is None


@given(st.one_of(st.none(), st.floats(), st.integers(), st.text(), st.booleans(), st.just([1])))
def test_whatever_a_failure_asks_for_can_be_stored_and_waited_for(asked):
    """A plugin's nonsense, an endless wait or one that lies in the past breaks nothing."""
    usable = usable_s(asked)
    assert usable is None or 0.0 <= usable <= MAX_DELAY_S
    delay = retry(Policy(INFINITE, 30.0), 0, after=usable)
    assert math.isfinite(delay)
    assert decode(encode(delay)) == delay
    assert int(delay * 1_000_000) < 2**63


@pytest.mark.parametrize("interval", [-5.0, 1e300, 10**400])
def test_an_interval_that_cannot_be_waited_for_is_brought_into_bounds(interval):
    """Instants are stored in 64 bits."""
    assert 0.0 <= retry(Policy(INFINITE, interval), 0) <= MAX_DELAY_S


@given(st.integers(-1, 100), st.floats(0, 1e6), st.sampled_from(["rerun", "ask", "fail"]))
def test_a_policy_comes_back_from_its_json(total, interval, on_unknown):
    """It is stored with the request."""
    policy = Policy(total, interval, on_unknown)
    assert Policy.from_json(decode(encode(policy.to_json()))) == policy
    assert policy.repeatable is (on_unknown == "rerun")


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(-(10**10), 10**10))
def test_L9_what_is_left_of_a_wait(drawn, passed, wall_jump):
    """By boot time within one boot, whatever the wall clock does; after a reboot by wall time, never over the delay."""
    due = Instant(10**12 + drawn, 500 + drawn, "boot 1")
    same = Instant(10**12 + passed + wall_jump, 500 + passed, "boot 1")
    assert remaining_us(due=due, drawn_us=drawn, now=same) == max(0, drawn - passed)
    later = Instant(10**12 + passed + wall_jump, 3, "boot 2")
    assert 0 <= remaining_us(due=due, drawn_us=drawn, now=later) <= drawn
    if wall_jump == 0:
        assert remaining_us(due=due, drawn_us=drawn, now=later) == max(0, drawn - passed)
