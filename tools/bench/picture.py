"""Ratios as horizontal bars on a logarithmic scale, as SVG: readable on light and on dark ground."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

LEFT, RIGHT, WIDTH = 330, 120, 900  # of the labels, of the values, of all
ROW, HEAD, FOOT = 22, 30, 40
_STYLE = """
text { font: 12px system-ui, sans-serif; fill: #24292f }
.head { font-weight: 600 }
.tick { fill: #57606a }
.grid { stroke: #d0d7de }
.one { stroke: #57606a }
.limit { stroke: #cf222e; stroke-width: 2 }
.ahead { fill: #1a7f37 }
.behind { fill: #6e7781 }
.spread { stroke: #24292f }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.tick { fill: #8b949e }
.grid { stroke: #30363d }
.one { stroke: #8b949e }
.limit { stroke: #ff7b72 }
.ahead { fill: #3fb950 }
.behind { fill: #8b949e }
.spread { stroke: #e6edf3 }
}
"""


@dataclass(frozen=True, slots=True)
class Bar:
    """One ratio, above zero.

    least, most  between which the measurements lie
    limit        what it is to reach, or None
    """

    label: str
    value: float
    least: float
    most: float
    limit: float | None = None


def draw(title: str, panels: Sequence[tuple[str, Sequence[Bar]]]) -> str:
    """The picture. panels: (heading, bars); all share one scale, and bars grow from 1× to either side."""
    panels = [(heading, bars) for heading, bars in panels if bars]
    scale = _Scale([bar for _, bars in panels for bar in bars])
    height = HEAD + sum(HEAD + ROW * len(bars) for _, bars in panels) + FOOT
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{escape(title)}">',
        f"<style>{_STYLE}</style>",
        f'<text class="head" x="8" y="20">{escape(title)}</text>',
    ]
    for power in scale.powers:
        at = scale.at(10.0**power)
        kind = "one" if power == 0 else "grid"
        parts.append(f'<line class="{kind}" x1="{at:.1f}" x2="{at:.1f}" y1="{HEAD}" y2="{height - FOOT + 4}"/>')
        label = f"{10.0**power:g}×"
        parts.append(f'<text class="tick" x="{at:.1f}" y="{height - FOOT + 20}" text-anchor="middle">{label}</text>')
    top = HEAD
    for heading, bars in panels:
        parts.append(f'<text class="head" x="8" y="{top + 20}">{escape(heading)}</text>')
        top += HEAD
        for bar in bars:
            parts += _row(bar, top, scale)
            top += ROW
    return "\n".join([*parts, "</svg>"]) + "\n"


class _Scale:
    """Where a ratio stands. Reaches from a power of ten to a power of ten, 1× among them."""

    def __init__(self, bars: Sequence[Bar]) -> None:
        values = [one for bar in bars for one in (bar.least, bar.most, bar.limit or 1.0)] + [1.0]
        low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        self.powers = range(low, max(high, low + 1) + 1)

    def at(self, value: float) -> float:
        low, high = self.powers[0], self.powers[-1]
        return LEFT + (WIDTH - LEFT - RIGHT) * (math.log10(value) - low) / (high - low)


def _row(bar: Bar, top: int, scale: _Scale) -> list[str]:
    one, end, middle = scale.at(1.0), scale.at(bar.value), top + ROW / 2
    left, width = min(one, end), max(abs(end - one), 1.0)
    kind = "ahead" if bar.value >= 1 else "behind"
    least, most = scale.at(bar.least), scale.at(bar.most)
    parts = [
        f'<text x="{LEFT - 10}" y="{middle + 4}" text-anchor="end">{escape(bar.label)}</text>',
        f'<rect class="{kind}" x="{left:.1f}" y="{top + 4}" width="{width:.1f}" height="{ROW - 8}"/>',
        f'<line class="spread" x1="{least:.1f}" x2="{most:.1f}" y1="{middle}" y2="{middle}"/>',
        f'<text x="{WIDTH - RIGHT + 10}" y="{middle + 4}">{bar.value:.3g}×</text>',
    ]
    if bar.limit is not None:
        at = scale.at(bar.limit)
        parts.append(f'<line class="limit" x1="{at:.1f}" x2="{at:.1f}" y1="{top + 2}" y2="{top + ROW - 2}"/>')
    return parts
