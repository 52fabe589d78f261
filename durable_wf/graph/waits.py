"""Recorded waits: how long, and until when by both clocks, so that a resume waits only what is left (L9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.clock import Instant, remaining_us
from durable_wf.codec import decode

if TYPE_CHECKING:
    from durable_wf.graph.pen import Pen


def draw(pen: Pen, detail: dict[str, Any], delay_s: float) -> int:
    """Note in `detail` that `delay_s` is waited from now on; gives it in microseconds."""
    drawn_us = int(delay_s * 1_000_000)
    detail["delay_us"] = drawn_us
    detail["due"] = [pen.now.wall_us + drawn_us, pen.now.boot_us + drawn_us, pen.now.boot_id]
    return drawn_us


def left_us(pen: Pen, detail_json: str | None) -> int:
    """How long the wait that a detail records still lasts, in microseconds."""
    detail = decode(detail_json)
    return remaining_us(due=Instant(*detail["due"]), drawn_us=detail["delay_us"], now=pen.now)
