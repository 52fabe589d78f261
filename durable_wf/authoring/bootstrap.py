"""`ctx.bootstrap_context`: what the older system's bootstrap has told its plugins. Source: workflow-api §7.8."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_AGENT = (
    "min_workers", "max_workers", "user", "remote_execution_port", "agent_key_path", "broker_ip", "broker_user",
    "broker_pass", "broker_vhost", "broker_ssl_enabled", "cluster", "networks",
)  # fmt: skip


class PolicyEngine:
    """`bootstrap_context.policy_engine`."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.start_timeout = given.get("start_timeout")


class CloudifyAgent:
    """`bootstrap_context.cloudify_agent`; each attribute is None where nothing was said of it."""

    min_workers: int | None
    max_workers: int | None
    user: str | None
    remote_execution_port: int | None
    agent_key_path: str | None
    broker_ip: str | None
    broker_user: str | None
    broker_pass: str | None
    broker_vhost: str | None
    broker_ssl_enabled: bool | None
    cluster: Any
    networks: Any

    def __init__(self, given: Mapping[str, Any]) -> None:
        for name in _AGENT:
            setattr(self, name, given.get(name))


class BootstrapContext:
    """What is in the provider context under `cloudify`."""

    PolicyEngine = PolicyEngine
    CloudifyAgent = CloudifyAgent

    def __init__(self, bootstrap_context: Mapping[str, Any] | None = None) -> None:
        self._bootstrap_context = dict(bootstrap_context or {})
        self.cloudify_agent = CloudifyAgent(self._bootstrap_context.get("cloudify_agent") or {})
        self.policy_engine = PolicyEngine(self._bootstrap_context.get("policy_engine") or {})

    @property
    def resources_prefix(self) -> str:
        """Where resources lie on the older system's file server."""
        return str(self._bootstrap_context.get("resources_prefix") or "")

    def broker_config(self) -> dict[str, Any]:
        """What the older system's agents reach their broker with; None where nothing was said of it."""
        agent = self.cloudify_agent
        return {
            "broker_hostname": agent.broker_ip,
            "broker_user": agent.broker_user,
            "broker_pass": agent.broker_pass,
            "broker_vhost": agent.broker_vhost,
            "broker_ssl_enabled": agent.broker_ssl_enabled,
        }
