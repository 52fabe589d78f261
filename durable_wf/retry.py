"""Retry policies as data, decided by tenacity's stop, wait and retry objects.

Tenacity decides, the journal remembers, the timer waits: nothing here sleeps or reads a clock.
Source of defaults and of what `total_retries` means: workflow-api §3.1, §3.6, §3.8.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tenacity import RetryCallState, Retrying
from tenacity.stop import stop_after_attempt, stop_never
from tenacity.wait import wait_fixed

if TYPE_CHECKING:
    from collections.abc import Mapping

INFINITE = -1
DEFAULT_TOTAL_RETRIES = -1
DEFAULT_RETRY_INTERVAL_S = 30.0
MAX_DELAY_S = 100 * 365 * 86_400.0  # longer waits are this long: instants are stored in 64 bits


@dataclass(frozen=True, slots=True)
class Policy:
    """What is done about a task's failures and its unknown outcomes.

    total_retries     attempts after the first that a failure may have; -1 without limit
    retry_interval_s  seconds between the end of a failed attempt and the next
    on_unknown        `rerun`, `ask` or `fail`: what to do when nobody knows whether an attempt ended
    """

    total_retries: int = DEFAULT_TOTAL_RETRIES
    retry_interval_s: float = DEFAULT_RETRY_INTERVAL_S
    on_unknown: str = "ask"

    @property
    def repeatable(self) -> bool:
        """Whether the task may be repeated without asking, and so may wait in a window of the workers."""
        return self.on_unknown == "rerun"

    def to_json(self) -> dict[str, Any]:
        """Plain data, as it is stored with the request."""
        return {
            "total_retries": self.total_retries,
            "retry_interval": self.retry_interval_s,
            "on_unknown": self.on_unknown,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Policy:
        """The inverse of `to_json`."""
        return cls(data["total_retries"], data["retry_interval"], data["on_unknown"])


def delay_s(policy: Policy, *, retries: int, recoverable: bool, retry_after_s: float | None) -> float | None:
    """Seconds until the next attempt, or None when there is none.

    retries        how many retries were decided already, so that this was attempt `retries + 1`
    recoverable    False for a failure that must not be retried (NonRecoverableError)
    retry_after_s  the delay that the failure itself asks for; wins over the interval
    """
    if not recoverable:
        return None
    stop = stop_never if policy.total_retries == INFINITE else stop_after_attempt(policy.total_retries + 1)
    call = RetryCallState(Retrying(), None, (), {})
    call.attempt_number = retries + 1
    if stop(call):
        return None
    interval = wait_fixed(usable_s(policy.retry_interval_s) or 0.0)
    return usable_s(retry_after_s if retry_after_s is not None else interval(call))


def usable_s(asked: object) -> float | None:
    """Seconds that somebody asks for, within bounds; None where it is no number."""
    if isinstance(asked, bool) or not isinstance(asked, (int, float)):
        return None
    bounded = float(min(max(0, asked), MAX_DELAY_S))
    return None if math.isnan(bounded) else bounded
