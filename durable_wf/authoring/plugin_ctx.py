"""`ctx.plugin`. Source: reference/workflow-api.md §7.3."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from durable_wf.model.plan import Plugin


class PluginContext(str):  # noqa: SLOT000 - a handful a process; the attributes read better without slots
    """The plugin's name, with what is known of it; the empty text where there is no plugin.

    source, package_name, package_version    as declared; None where nothing is
    properties    of the plugin: name -> its schema, with what the blueprint gives it under `value`
    """

    name: str
    source: str | None
    package_name: str | None
    package_version: str | None
    properties: dict[str, Any]
    _deployment_workdir: Callable[[], Path]

    def __new__(
        cls, name: str, plugin: Plugin | None, properties: dict[str, Any], deployment_workdir: Callable[[], Path]
    ) -> Self:
        """deployment_workdir  makes the folder, and is asked only when `workdir` is."""
        made = super().__new__(cls, name)
        made.name = name
        made.source = plugin.source if plugin else None
        made.package_name = plugin.package_name if plugin else None
        made.package_version = plugin.package_version if plugin else None
        made.properties = properties
        made._deployment_workdir = deployment_workdir
        return made

    @property
    def prefix(self) -> str:
        """Where the plugin is installed: plugins run in this Python."""
        return sys.prefix

    @property
    def workdir(self) -> str | None:
        """A folder of the plugin's own in the deployment's, made if it is not there; None where there is no plugin."""
        if not self:
            return None
        folder = self._deployment_workdir() / "plugins" / self.name
        folder.mkdir(parents=True, exist_ok=True)
        return str(folder)
