"""What blueprints name and this version of durable-wf does not have. Work that builds it takes its row away.

A blueprint with such an operation or workflow validates and is planned, with a warning, and what does not need it runs;
running one is refused with a sentence: a workflow before anything is begun, an operation as its own failure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from durable_wf.model.plan import Blueprint, Interfaces

_AGENTS = "there are no agents on one machine"
_SERVER = "it needs other deployments, which this version of durable-wf cannot make from an operation yet"
_YET = "this version of durable-wf does not have it yet"

WORKFLOWS = "cloudify.plugins.workflows."
"""Where the workflows of the built-in types are."""

NOT_BUILT: Mapping[str, str] = MappingProxyType(
    {
        **{f"{WORKFLOWS}{name}": _AGENTS for name in ("install_new_agents", "validate_agents")},
        "cloudify_types.component.": _SERVER,
        "cloudify_types.shared_resource.": _SERVER,
        "cloudify_types.blueprint.": _SERVER,
        "cloudify_types.password_secret.": _YET,
        "script_runner.tasks.": "this version of durable-wf does not run scripts yet",
        "cloudify_agent.": _AGENTS,
    }
)
"""The dotted path of a function -> why it cannot be run; a row that ends with a dot stands for all that begin so."""


_SHOWN = 5
_LONGEST = 60


@lru_cache(maxsize=1024)
def why_not(path: str) -> str | None:
    """Why the function at `path` cannot be run; None where nothing is known against it."""
    dotted = path.replace(":", ".")
    found = NOT_BUILT.get(dotted)
    if found is None:
        found = next((why for row, why in NOT_BUILT.items() if row.endswith(".") and dotted.startswith(row)), None)
    return found


def subject(path: str, given: Mapping[str, Any]) -> str:
    """How people know the function at `path`: by the script that it would run, if it runs one.

    given  its arguments
    """
    if path.replace(":", ".").startswith("script_runner."):
        for key, what in (("script_path", "the script"), ("script_source", "the script that begins with")):
            text = given.get(key)
            if isinstance(text, str) and text.strip():
                return f"{what} '{_short(text.strip().splitlines()[0])}'"
    return f"'{path}'"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def warnings_of(plan: Blueprint) -> list[str]:
    """A line for each reason for which operations of the blueprint cannot be run, naming the first of them."""
    found: dict[str, list[str]] = {}
    for _, owner, interfaces in owners(plan):
        for interface, operations in interfaces.items():
            for name, operation in operations.items():
                why = why_not(operation.function) if operation.function else None
                if why is not None:
                    what = subject(operation.function, operation.inputs)
                    found.setdefault(why, []).append(f"{owner}.{interface}.{name} ({what})")
    return [f"{counted(names)} cannot be run: {why}" for why, names in found.items()]


def owners(plan: Blueprint) -> Iterator[tuple[str, str, Interfaces]]:
    """A node's name, what has the operations (it, or `node->target`), and those."""
    for node in plan.nodes.values():
        yield node.name, node.name, node.interfaces
        for one in node.relationships:
            yield node.name, f"{node.name}->{one.target}", one.source_interfaces
            yield node.name, f"{node.name}->{one.target}", one.target_interfaces


def counted(names: list[str]) -> str:
    """`operations a, b, … and 3 more`."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{'operation' if len(names) == 1 else 'operations'} {', '.join(names[:_SHOWN])}{more}"
