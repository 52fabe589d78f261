"""A clock that stands still until a test moves it: the one that authors have."""

from durable_wf.testing.clock import START_US, ManualClock

__all__ = ["START_US", "ManualClock"]
