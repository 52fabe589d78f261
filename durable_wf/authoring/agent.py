"""`ctx.agent`: the older system installs agents on machines; here there are none. Source: workflow-api §7.3."""

from __future__ import annotations

from typing import Any, NoReturn

from durable_wf.authoring.exceptions import NonRecoverableError


class AgentContext:
    """The agent of a compute node."""

    def init_script(self, agent_config: dict[str, Any] | None = None) -> NoReturn:
        """raises  NonRecoverableError: nothing could be installed."""
        raise _none("init_script")

    def install_script_download_link(self, agent_config: dict[str, Any] | None = None) -> NoReturn:
        """raises  NonRecoverableError: nothing could be downloaded."""
        raise _none("install_script_download_link")


def _none(name: str) -> NonRecoverableError:
    text = f"ctx.agent.{name} needs the older system's agent package; operations run on this machine, without agents"
    return NonRecoverableError(text)
