"""What the older system's workflow context asks of its server, and what becomes of it where there is none.

Reads of the deployment are answered at the workflow's view; what changes a deployment, or needs a server, is refused
in words. Source: reference/workflow-api.md §2.2, §6.7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from durable_wf.authoring.named_graphs import operations_of
from durable_wf.authoring.stored_objects import Raw

if TYPE_CHECKING:
    from durable_wf.authoring.internal import Internal


def _no_server(name: str) -> NotImplementedError:
    return NotImplementedError(f"'{name}' needs the older system's server; it cannot be done in a local workflow")


class ServerCalls:
    """The server's part of `WorkflowContext`."""

    internal: Internal

    tenant: dict[str, Any]
    rest_host: str | None = None
    rest_port: int | None = None
    rest_token: str | None = None
    execution_token: str | None = None
    bypass_maintenance = False
    execution_creator_username: str | None = None

    @property
    def tenant_name(self) -> str | None:
        """None: there are no tenants."""
        return self.tenant.get("name")

    # ------------------------------------------------------------------ stored graphs: the journal stores by itself

    def get_tasks_graph(self, name: str) -> Any:
        """The graph that `make_or_get_graph` has built under this name in this run of the function, or None."""
        return self.internal.named_graphs.get(name)

    def store_tasks_graph(self, name: str, operations: Any = None) -> None:
        """Nothing: a graph is stored when it is executed."""

    def get_operations(self, graph_id: str) -> list[dict[str, Any]]:
        """The tasks of a named graph that have not ended, as plain data (workflow-api §3.9)."""
        return operations_of(self.internal, graph_id)

    def store_operation(self, task: Any, dependencies: Any, graph_id: Any) -> None:
        """Nothing: a task is stored when its graph is executed."""

    def update_operation(self, operation_id: Any, state: Any, result: Any = None, exception: Any = None) -> None:
        """Nothing: what becomes of a task is in the journal."""

    def remove_operation(self, operation_id: Any) -> None:
        """Nothing: a task that is taken out of its graph is never stored."""

    # ------------------------------------------------------------------ the deployment, read

    def get_deployment(self, deployment_id: str | None = None) -> Raw:
        """The execution's deployment.

        raises  KeyError for another one
        """
        storage = self.internal.handler.storage
        if storage.name is None or deployment_id not in (None, storage.name):
            raise KeyError(deployment_id)
        inputs = self.internal.topology.inputs if self.internal.topology is not None else {}
        return Raw(id=storage.name, blueprint_id=storage.blueprint_name, inputs=dict(inputs))

    def get_blueprint(self, blueprint_id: str | None = None) -> Raw:
        """The execution's blueprint.

        raises  KeyError for another one
        """
        storage = self.internal.handler.storage
        if storage.blueprint_name is None or blueprint_id not in (None, storage.blueprint_name):
            raise KeyError(blueprint_id)
        return Raw(id=storage.blueprint_name)

    def list_nodes(self, deployment_id: str | None = None, node_id: str | None = None) -> list[Raw]:
        """Nodes of the execution's deployment at the view.

        raises  KeyError for another deployment
        """
        self.get_deployment(deployment_id)
        return [node for node in self.internal.handler.get_nodes() if node_id in (None, node.id)]

    def list_node_instances(self, deployment_id: str | None = None, node_id: str | None = None) -> list[Raw]:
        """Node instances of the execution's deployment at the view.

        raises  KeyError for another deployment
        """
        self.get_deployment(deployment_id)
        return self.internal.handler.storage.get_node_instances(node_id)

    # ------------------------------------------------------------------ what there is none of

    def list_execution_schedules(self, *_: Any, **__: Any) -> list[Any]:
        """None."""
        return []

    def get_managers(self) -> list[Any]:
        """None."""
        return []

    def list_idds(self, *_: Any, **__: Any) -> list[Any]:
        """No dependencies between deployments."""
        return []

    def start_execution(self, *_: Any, **__: Any) -> NoReturn:
        """Refused: raises RuntimeError."""
        text = "a workflow cannot start another execution here"
        raise RuntimeError(text)

    def cleanup(self, finished: bool = True) -> None:
        """Nothing: there are no queues to delete."""


def _refusal(name: str) -> Any:
    def refuse(self: ServerCalls, *_: Any, **__: Any) -> NoReturn:
        del self
        raise _no_server(name)

    refuse.__name__ = name
    refuse.__qualname__ = f"ServerCalls.{name}"
    refuse.__doc__ = "Refused: raises NotImplementedError."
    return refuse


REFUSED = (
    "set_deployment_attributes",
    "create_nodes",
    "create_node_instances",
    "update_node",
    "delete_node",
    "delete_node_instance",
    "get_deployment_update",
    "set_deployment_update_attributes",
    "update_execution_schedule",
    "create_execution_schedule",
    "update_idds",
    "get_secret",
)
for _name in REFUSED:
    setattr(ServerCalls, _name, _refusal(_name))
