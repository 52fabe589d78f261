"""`ctx.capabilities`, deprecated in the older system. Source: reference/workflow-api.md §7.3."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from durable_wf.authoring.exceptions import NonRecoverableError

if TYPE_CHECKING:
    from durable_wf.authoring.subjects import NodeInstanceContext


class ContextCapabilities:
    """Runtime properties of what an instance has relationships to: each property by its name, of whichever has it.

    endpoint  the older system's way to its storage; not used
    """

    def __init__(self, endpoint: object = None, instance: NodeInstanceContext | None = None) -> None:
        self._endpoint = endpoint
        self._instance = instance

    def get_all(self) -> dict[str, dict[str, Any]]:
        """Runtime properties by the target instance's id."""
        if self._instance is None:
            return {}
        targets = (one.target.instance for one in self._instance.relationships)
        return {target.id: deepcopy(dict(target.runtime_properties)) for target in targets}

    def _holders(self, key: str) -> dict[str, Any]:
        return {name: properties[key] for name, properties in self.get_all().items() if key in properties}

    def __getitem__(self, key: str) -> Any:
        found = self._holders(key)
        if len(found) == 1:
            return next(iter(found.values()))
        if found:
            text = f"'{key}' is ambiguous: {', '.join(sorted(found))} have a capability of that name"
        else:
            text = f"'{key}' is no capability of what this instance has relationships to"
        raise NonRecoverableError(text)

    def __contains__(self, key: str) -> bool:
        return bool(self._holders(key))

    def __str__(self) -> str:
        return f"<{type(self).__name__} {sorted(self.get_all())}>"
