"""What the contexts of all operations have in common. Source: reference/workflow-api.md §7.3."""

from __future__ import annotations

from copy import deepcopy
from functools import cached_property
from typing import TYPE_CHECKING, Any

from durable_wf.codec import decode

if TYPE_CHECKING:
    from durable_wf.model.protocol import OperationRequest


class Named:
    """Something that has an id."""

    def __init__(self, name: str | None) -> None:
        self.id = name


class BlueprintContext(Named):
    """`ctx.blueprint`."""


class DeploymentContext(Named):
    """`ctx.deployment`. There are neither users nor tenants here, and nobody gives resources tags."""

    def __init__(self, name: str | None) -> None:
        super().__init__(name)
        self.display_name = name
        self.creator: str | None = None
        self.tenant_name: str | None = None
        self.resource_tags: dict[str, str] = {}


class CommonContext:
    """What every operation's ctx says of the execution that it belongs to.

    Signatures are the older system's, also where an argument is about its server.

    task_type             it is an operation, and neither a workflow nor a hook
    timeout               as declared; operations run in threads, which cannot be stopped, so nothing enforces it
    tenant, rest_...      of the older system's server, which there is none of; None
    """

    task_type = "operation"
    local = True
    bypass_maintenance = False
    task_target: str | None = None
    task_queue: str | None = None
    timeout: float | None = None
    timeout_recoverable: bool | None = None
    tenant_name: str | None = None
    rest_host: str | None = None
    rest_port: int | None = None
    rest_token: str | None = None
    rest_ssl_cert: str | None = None
    execution_token: str | None = None
    execution_creator_username: str | None = None

    def __init__(self, request: OperationRequest) -> None:
        self._request = request
        self._operation: dict[str, Any] = request.body.get("operation") or {}
        self.timeout = self._operation.get("timeout")
        self.timeout_recoverable = self._operation.get("timeout_recoverable")
        self.execution_id = request.execution_uid
        self.workflow_id = request.workflow
        self.task_id = f"{request.execution_uid}/{request.task}"
        self.task_name = request.body.get("function", "")
        self.resume = request.resumed

    @cached_property  # as the blueprint: an empty operation costs less than making them
    def deployment(self) -> DeploymentContext:
        """The deployment that it runs in; its id is None without one."""
        return DeploymentContext(self._request.deployment)

    @cached_property
    def blueprint(self) -> BlueprintContext:
        """The deployment's blueprint."""
        return BlueprintContext(self._request.blueprint)

    @property
    def tenant(self) -> dict[str, Any]:
        """There is none."""
        return {}

    @property
    def execution_env(self) -> dict[str, str]:
        """Variables of the environment that the execution was given; there are none."""
        return {}

    @cached_property
    def workflow_parameters(self) -> dict[str, Any]:
        """The execution's parameters; a copy."""
        return dict(decode(self._request.parameters_json))

    def get_execution(self, execution_id: str | None = None) -> dict[str, Any] | None:
        """The execution that this operation belongs to; None for another one."""
        if execution_id not in {None, self.execution_id}:
            return None
        return {
            "id": self.execution_id,
            "workflow_id": self.workflow_id,
            "deployment_id": self.deployment.id,
            "blueprint_id": self.blueprint.id,
            "status": "started",
            "parameters": deepcopy(self.workflow_parameters),
        }

    def get_operation(self) -> dict[str, Any]:
        """The task that this attempt belongs to."""
        return {"id": self.task_id, "name": self._request.name, "state": "started"}

    def update_operation(self, state: str) -> None:
        """Nothing: only the engine moves a task, by its outcome."""

    def get_config(self, name: str | None = None, scope: str | None = None) -> list[Any]:  # noqa: ARG002 - see the class
        """The older system's server has a configuration; there is none here."""
        return []

    def get_managers(self, network: str = "default") -> list[Any]:  # noqa: ARG002 - see the class
        """The older system's servers; there are none."""
        return []

    def get_brokers(self, network: str = "default") -> list[Any]:  # noqa: ARG002 - see the class
        """The older system's brokers; there are none."""
        return []
