"""What `doctor` says about one thing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

OK, WARNING, PROBLEM = "ok", "warning", "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    name       what it was
    level      ok, warning, problem
    mend       what to do about it, in a line; null where there is nothing to do
    facts      what the text says, as data; each name has its own
    exit_code  what a problem makes the command end with: 9 where it is the journal, 10 where it is the system; else 0
    """

    name: str
    level: str
    text: str
    mend: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    exit_code: int = 0


def size(count: float) -> str:
    """`812 bytes`, `4.0 KB`, `1.5 GB`: bytes for people."""
    if count < 1024:  # noqa: PLR2004 - what a kilobyte is
        return f"{count:.0f} bytes"
    for unit in ("KB", "MB", "GB"):
        count /= 1024
        if count < 1024:  # noqa: PLR2004 - as above
            return f"{count:.1f} {unit}"
    return f"{count / 1024:.1f} TB"
