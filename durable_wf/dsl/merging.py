"""What becomes of a name, or a section, that several files of a blueprint have.

Source: reference/blueprint-dsl.md §3 (merge rules and their exceptions), §20.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from durable_wf.dsl.grammar import NODE_TEMPLATE
from durable_wf.dsl.shapes import OLDEST, Version
from durable_wf.dsl.source import Pair, Value


class Rule(NamedTuple):
    """How a section of several files is merged.

    since        version of the language from which on several files may have it; None: never
    keeps_first  whether the first of two definitions is taken, with a warning
    """

    since: Version | None = OLDEST
    keeps_first: bool = False


_SINCE_1_3 = Rule((1, 3))
_LABELS = Rule((1, 3), keeps_first=True)
_BY_NAME = Rule()

RULES: Mapping[str, Rule] = MappingProxyType(
    {
        **dict.fromkeys(("inputs", "outputs", "node_templates", "capabilities"), _SINCE_1_3),
        **dict.fromkeys(("labels", "blueprint_labels", "resource_tags"), _LABELS),
        "policies": Rule(None),
    }
)
"""The sections that have a rule of their own; all others are merged by name."""

OVERRIDE = "override_builtin_workflows"
"""The key of the main file's metadata that lets its workflows stand before built-in ones of the same name."""


def rule_of(section: str) -> Rule:
    """The rule of a section."""
    return RULES.get(section, _BY_NAME)


def may_override(metadata: Value | None) -> bool:
    """Whether the main file says that its own workflows stand before built-in ones."""
    said = metadata.get(OVERRIDE) if metadata else None
    return said is not None and said.content is True


def is_addition(pair: Pair) -> bool:
    """Whether a node template has relationships and nothing else: what another file says of the node is added."""
    return list(pair.value.pairs) == [NODE_TEMPLATE.adds]


def combined(section: str, old: Pair, new: Pair) -> Pair | None:
    """Two definitions of one name as one, where the language allows that; else None."""
    if section == "workflows":
        return Pair(old.key, Value({**_workflow(new.value), **_workflow(old.value)}, old.value.place))
    if section == "node_templates" and (is_addition(old) or is_addition(new)):
        pairs = {**new.value.pairs, **old.value.pairs}
        both = [one.value.get("relationships") for one in (old, new)]
        if all(one is not None and isinstance(one.content, list) for one in both):
            items = [item for one in both if one for item in one.items]
            pairs["relationships"] = Pair(pairs["relationships"].key, Value(items, pairs["relationships"].value.place))
        return Pair(old.key, Value(pairs, old.value.place))
    return None


def _workflow(value: Value) -> dict[str, Pair]:
    return {"mapping": Pair(value.place, value)} if value.text is not None else value.pairs
