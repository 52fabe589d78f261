"""Values for readers: outputs, and capabilities for other deployments.

Source: reference/blueprint-dsl.md §2.
"""

from __future__ import annotations

from collections.abc import Mapping

from durable_wf.dsl.calls import CallChecker
from durable_wf.dsl.declared import text_of
from durable_wf.dsl.source import Pair, plain
from durable_wf.model.plan import Output


def values(sections: Mapping[str, Mapping[str, Pair]], section: str, calls: CallChecker) -> dict[str, Output]:
    """The entries of `outputs` or `capabilities`; SELF, SOURCE and TARGET mean nothing in them."""
    found: dict[str, Output] = {}
    for name, pair in sections[section].items():
        value = pair.value.get("value")
        if value is not None:
            calls.check(value, f"{section}.{name}.value", {}, is_late=True)
        found[name] = Output(plain(value), text_of(pair.value, "description"))
    return found
