"""One result of a proof."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    good  whether it is as it must be
    text  what was found
    """

    good: bool
    text: str
