"""The goals, and what was measured for each."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure that is to be at least, or at most, a limit.

    at_most  whether smaller is better
    """

    name: str
    about: str
    limit: float
    at_most: bool = True
    unit: str = "×"


GOALS = (
    Goal("P1", "wide, power: rate against the floor", 0.40, at_most=False),
    Goal("P2", "wide, power: rate against DBOS, the faster of its gather and its chain", 40, at_most=False),
    Goal("P3", "wide, power: rate against cloudify-common in memory", 2, at_most=False),
    Goal("P4", "wide, process: rate against the floor", 0.35, at_most=False),
    Goal("P5 power", "a step of a chain, power: time against the floor", 2.0),
    Goal("P5 process", "a step of a chain, process: time against the floor", 5.0),
    Goal("P6", "chain, process: rate against cloudify-common in memory", 1, at_most=False),
    Goal("P7", "standard, power: rate against DBOS", 4, at_most=False),
    Goal("P8", "resume of finished tasks: time against SELECT and DiGraph", 4.0),
    Goal("P9", "replay of standard mode: rate against DBOS’s replay of steps", 20, at_most=False),
    Goal("P10", "memory of a task that waits", 2048, unit=" bytes"),
    Goal("P11", "wide, process: cost of a task at many against 1 000", 1.3),
    Goal("P17", "operations of 1 ms, power, window 32: rate against threads alone", 0.70, at_most=False),
    Goal("window 16", "tasks a transaction", 14, at_most=False, unit=""),
    Goal("window 64", "tasks a transaction", 50, at_most=False, unit=""),
    Goal("chain", "transactions a step", 1.05, unit=""),
    Goal("syncs power", "of the -wal, a transaction", 1.02, unit=""),
    Goal("syncs process", "of the -wal, a transaction", 0.01, unit=""),
    Goal("-wal", "at its longest, over many tasks", 8_000_000, unit=" bytes"),
    Goal("file", "a task without payload", 250, unit=" bytes"),
)
LIMITS = {goal.name: goal.limit for goal in GOALS}


@dataclass(frozen=True, slots=True)
class Spread:
    """Several measurements of one thing."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return median(self.values)

    def __str__(self) -> str:
        if len(self.values) == 1:
            return short(self.median)
        return f"{short(self.median)} ({short(min(self.values))}–{short(max(self.values))})"


def short(value: float) -> str:
    """Three digits."""
    return f"{value:,.0f}".replace(",", " ") if value >= 100 else f"{value:.3g}"  # noqa: PLR2004


def verdict(goal: Goal, value: float) -> str:
    """`met` or `missed`."""
    return "met" if (value <= goal.limit) == goal.at_most or value == goal.limit else "missed"
