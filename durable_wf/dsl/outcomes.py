"""How an evaluation of functions ends where it gives no value, and what its parts share. Source: blueprint-dsl §14."""

from __future__ import annotations

from typing import Any

from durable_wf.dsl.functions import has_function
from durable_wf.errors import InputError

MAX_TEXT = 1_000_000  # characters that one function may make

PENDING: Any = object()
"""Stands for the result of a call that cannot be evaluated yet."""


class EvaluationError(InputError):
    """A function cannot be evaluated."""

    code = "evaluation"
    explanation = (
        "An intrinsic function asks for something that is not there, or refers to itself. The text names the "
        "function and what it asked for."
    )


class UnknownSecretError(EvaluationError):
    """There is no secret of a name that get_secret asks for."""

    code = "unknown-secret"
    explanation = (
        "get_secret names secrets that are not in the store. `durable-wf secrets set NAME` reads a value from "
        "standard input, or asks for it; `durable-wf secrets list` shows the names that there are."
    )


def known(arguments: Any, name: str) -> None:
    """raises  EvaluationError if arguments that must be known now are calls still."""
    if has_function(arguments):
        raise EvaluationError(
            f"{name}: the argument {shown(arguments)} is known at run time only",
            hint="a deployment that is created with --runtime-only-evaluation evaluates all functions at run time",
        )


def part(name: str, value: Any, key: Any) -> Any:
    """What stands under a key of a mapping or an index of a list.

    raises  EvaluationError
    """
    if isinstance(value, dict) and isinstance(key, str) and key in value:
        return value[key]
    index = int(key) if isinstance(key, str) and key.isdecimal() and len(key) < 10 else key  # noqa: PLR2004
    if isinstance(value, list) and isinstance(index, int) and 0 <= index < len(value):
        return value[index]
    raise EvaluationError(f"{name}: nothing stands under {key!r}")


def shown(value: Any) -> str:
    """Arguments for people: a path with dots, or the beginning of what stands there."""
    if isinstance(value, list) and value and all(isinstance(item, str | int) for item in value):
        return ".".join(map(str, value))[:200]
    return repr(value)[:200]
