"""Keys of the language that the engine cannot do yet. Work that builds one takes its row away.

They are rows of the grammar all the same (`Field.later`), so that they are refused with a sentence that says so, and
never ignored. What blueprints name in the built-in types, and cannot be run yet, is in `authoring/not_built.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple


class NotYet(NamedTuple):
    """Values of a key that are refused.

    refuses  whether a value is one of them, whatever its kind
    why      the end of a sentence, after what was written
    """

    refuses: Callable[[object], bool]
    why: str


def _is_positive(content: object) -> bool:
    return isinstance(content, int | float) and not isinstance(content, bool) and content > 0


NOT_YET: Mapping[str, NotYet] = MappingProxyType(
    {
        "retry": NotYet(
            lambda content: content is not None,
            "policies are not there; use 'max_retries' and 'retry_interval'",
        ),
        "timeout": NotYet(_is_positive, "operations run in threads, which nothing can stop; leave it out, or say 0"),
        "on_unknown": NotYet(
            lambda content: content == "reattach", "there is no function to reattach with; say rerun, ask or fail"
        ),
    }
)
"""Key -> which of its values this version of durable-wf cannot do."""


def refusal(key: str, content: object) -> str | None:
    """Why a value of a key is refused, as a sentence; None where it is not.

    key  of `Field.later`; '' for a row that is built
    """
    row = NOT_YET.get(key)
    if row is None or not row.refuses(content):
        return None
    said = f"'{key}: {content}'" if isinstance(content, str | int | float) else f"'{key}'"
    return f"this version of durable-wf cannot do {said} yet: {row.why}"
