"""What the built-in types name and this version of durable-wf does not have. Work that builds it takes its row away.

A blueprint with such an operation or workflow validates and is planned; running one is refused with a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_AGENTS = "there are no agents on one machine"
_SERVER = "it needs other deployments, which this version of durable-wf cannot make from an operation yet"
_YET = "this version of durable-wf does not have it yet"

NOT_BUILT: Mapping[str, str] = MappingProxyType(
    {
        **{
            f"cloudify.plugins.workflows.{name}": _YET
            for name in (
                *("install", "uninstall", "reinstall", "start", "stop", "restart", "execute_operation"),
                *("check_status", "check_drift", "pull", "auto_heal_reinstall_node_subgraph", "scale_entity"),
                "rollback",
            )
        },
        **{f"cloudify.plugins.workflows.{name}": _AGENTS for name in ("install_new_agents", "validate_agents")},
        "cloudify_types.component.": _SERVER,
        "cloudify_types.shared_resource.": _SERVER,
        "cloudify_types.blueprint.": _SERVER,
        "cloudify_types.password_secret.": _YET,
        "script_runner.tasks.": "this version of durable-wf does not run scripts yet",
        "cloudify_agent.": _AGENTS,
    }
)
"""The dotted path of a function -> why it cannot be run; a row that ends with a dot stands for all that begin so."""


def why_not(path: str) -> str | None:
    """Why the function at `path` cannot be run; None where nothing is known against it."""
    dotted = path.replace(":", ".")
    found = NOT_BUILT.get(dotted)
    if found is None:
        found = next((why for row, why in NOT_BUILT.items() if row.endswith(".") and dotted.startswith(row)), None)
    return found
