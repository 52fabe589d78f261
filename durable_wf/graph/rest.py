"""When an execution in which nothing goes on will go on by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from durable_wf.graph.state import Run


def next_due_us(run: Run) -> int | None:
    """Boot time of the next timer; None while anything runs or can start, or where no timer is left.

    The function must be waiting, too: what it does between two calls takes no virtual time.
    """
    if run.over or run.in_flight or run.ready or run.again or run.freed or run.asking or run.asked is not None:
        return None
    if run.wait is None and run.ending is None:
        return None
    graphs = (scope.due_us for scope in run.graphs.values() if scope.due_us and not scope.ended)
    return min([*run.rescheduled.values(), *graphs], default=None)
