"""Checking a journal, and saying how much was checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from durable_wf.clock import iso

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Checked:
    """What was looked at, and what is wrong.

    transitions, links  how many were there to be checked
    problems            in words, each naming its place
    """

    transitions: int
    links: int
    problems: list[str]


def check(reader: Any, executions: Sequence[int] | None = None) -> Checked:
    """Verify a store; all of it, or some executions.

    reader  a store with `verify`, `stored` and `links`; one with a head file is compared with that
    cost    reads every row that a chain covers
    """
    problems = list(reader.verify(executions))
    if executions is None:
        behind = reader.compare_with_head() if hasattr(reader, "compare_with_head") else None
        if behind is not None:
            problems.append(
                f"the journal ends at seq {behind.journal_seq} ({iso(behind.journal_us)}), its head file at seq "
                f"{behind.head_seq} ({iso(behind.head_us)}): what was written between may be missing (L6)"
            )
        chains = list(reader.chains())
        numbers = [0, *(row.id for row in reader.executions())]
    else:
        chains = [(number, 0) for number in executions]
        numbers = list(executions)
    links = sum(len(reader.links(chain)) for chain in chains)
    transitions = sum(len(reader.stored("transition", number)) for number in numbers)
    return Checked(transitions, links, problems)
