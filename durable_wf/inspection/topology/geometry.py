"""Points, sizes and distances of a picture."""

from __future__ import annotations

from typing import NamedTuple

GAP_X = 28.0
GAP_Y = 64.0


class Point(NamedTuple):
    """A place in the picture; y grows downwards."""

    x: float
    y: float


class Size(NamedTuple):
    """Of a box."""

    width: float
    height: float


class Area(NamedTuple):
    """A rectangle: its upper left corner, and its lower right one."""

    upper: Point
    lower: Point
