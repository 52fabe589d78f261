"""The goals, what was measured for each, and how they are shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from operator import truediv
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure that is to be at least, or at most, a limit.

    limit    None for what is only shown
    at_most  whether smaller is better
    """

    name: str
    about: str
    limit: float | None
    at_most: bool = True
    unit: str = "×"


GOALS = (
    Goal("P1", "wide, power: rate against the floor", 0.40, at_most=False),
    Goal("P4", "wide, process: rate against the floor", 0.35, at_most=False),
    Goal("P5 power", "a step of a chain, power: time against the floor", 2.0),
    Goal("P5 process", "a step of a chain, process: time against the floor", 5.0),
    Goal("P8", "resume of finished tasks: time against SELECT and DiGraph", 4.0),
    Goal("P10", "memory of a task that waits", 2048, unit=" bytes"),
    Goal("P11", "wide, process: cost of a task at many against 1 000", 1.3),
    Goal("window 16", "tasks a transaction", 14, at_most=False, unit=""),
    Goal("window 64", "tasks a transaction", 50, at_most=False, unit=""),
    Goal("chain", "transactions a step", 1.05, unit=""),
    Goal("syncs power", "of the -wal, a transaction", 1.02, unit=""),
    Goal("syncs process", "of the -wal, a transaction", 0.01, unit=""),
    Goal("-wal", "at its longest, over many tasks", 8_000_000, unit=" bytes"),
    Goal("file", "a task without payload", 250, unit=" bytes"),
)


@dataclass(frozen=True, slots=True)
class Spread:
    """Several measurements of one thing."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return median(self.values)

    def __str__(self) -> str:
        return f"{short(self.median)} ({short(min(self.values))}–{short(max(self.values))})"


def short(value: float) -> str:
    """Three digits."""
    return f"{value:,.0f}".replace(",", " ") if value >= 100 else f"{value:.3g}"  # noqa: PLR2004


def table(found: dict[str, float]) -> list[str]:
    """One line for each goal that was measured."""
    lines = ["| goal | what | measured | limit | |", "|---|---|---|---|---|"]
    for goal in GOALS:
        if goal.name in found:
            value = found[goal.name]
            word = "at most" if goal.at_most else "at least"
            limit = f"{word} {short(goal.limit)}{goal.unit}" if goal.limit is not None else ""
            lines.append(
                f"| {goal.name} | {goal.about} | {short(value)}{goal.unit} | {limit} | {verdict(goal, value)} |"
            )
    return lines


def verdict(goal: Goal, value: float) -> str:
    """`met` or `missed`."""
    if goal.limit is None:
        return ""
    return "met" if (value <= goal.limit) == goal.at_most or value == goal.limit else "missed"


def runs_table(cells: Iterable[dict[str, Any]]) -> list[str]:
    """One line for each shape, size and durability."""
    lines = [
        "| shape | tasks | durability | engine, tasks/s | floor, tasks/s | engine/floor | tasks a transaction |",
        "|---|---|---|---|---|---|---|",
    ]
    for cell in cells:
        count = cell["count"]
        engine = Spread(tuple(count / seconds for seconds in cell["engine_s"]))
        floor = Spread(tuple(count / seconds for seconds in cell["floor_s"]))
        batch = median(count / transactions for transactions in cell["transactions"])
        lines.append(
            f"| {cell['shape']} | {count} | {cell['durability']} | {engine} | {floor} "
            f"| {median(map(truediv, cell['floor_s'], cell['engine_s'])):.2f} | {batch:.1f} |"
        )
    return lines
