"""What bounds the evaluations of one deployment's creation together: values kept for the next reader, and one budget.

Without the first, an input that names another twice, which does so too, costs twice as much at each; without the
second, each of many nodes may cost as much as one value may. Counted, never timed. Pure.

Source: reliability §2c (a budget of 10 s), reference/blueprint-dsl.md §20.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, NamedTuple

from durable_wf.dsl.outcomes import PENDING, EvaluationError

MAX_CREATION_STEPS = 1_000_000  # in all values of a deployment: some seconds
CHARACTERS_PER_STEP = 100  # of text that a function makes


class Kept(NamedTuple):
    """A value that was followed, and what reading it again counts for.

    size        in steps
    depth       how deep the evaluation went below the place of the reader
    references  how many values were taken from each other in a row below it
    """

    value: Any
    size: int
    depth: int
    references: int


class Creation:
    """What all evaluations of a creation share.

    steps   taken so far
    kept    values of inputs and properties, by what asks for them; only as long as neither changes
    """

    def __init__(self) -> None:
        self.steps = 0
        self.kept: dict[Hashable, Kept] = {}

    def begin(self) -> None:
        """Before each evaluation. raises EvaluationError when the budget is spent."""
        if self.steps > MAX_CREATION_STEPS:
            raise EvaluationError(
                f"the functions of the blueprint take more than {MAX_CREATION_STEPS} steps; a step is a value, or "
                f"{CHARACTERS_PER_STEP} characters of text that a function makes"
            )


def steps_of(value: Any) -> int:
    """What a value counts for where it is taken as it is; without recursion, linear in the value."""
    if value is PENDING:
        return 1
    steps = 0
    left = [value]
    while left:
        part = left.pop()
        steps += 1
        if isinstance(part, str):
            steps += len(part) // CHARACTERS_PER_STEP
        elif isinstance(part, dict):
            left.extend(part.values())
        elif isinstance(part, list):
            left.extend(part)
    return steps
