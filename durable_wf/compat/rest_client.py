"""What the older system's REST client answers with: mappings whose entries can be read as attributes too.

Source: reference/workflow-api.md §0 (last row). An entry that was not given reads as None.
"""

from __future__ import annotations

from typing import Any

from durable_wf.compat.models_states import DeploymentModificationState, ExecutionState


class Record(dict[str, Any]):
    """A mapping with properties; `fields` names them."""

    fields: tuple[str, ...] = ()

    def __init__(self, values: Any = (), /, **more: Any) -> None:
        super().__init__(values, **more)

    def __init_subclass__(cls) -> None:
        for name in cls.fields:
            setattr(cls, name, _entry(name))


def _entry(name: str) -> property:
    def read(record: Record) -> Any:
        return record.get(name)

    return property(read, doc=f"The entry '{name}', or None.")


class Node(Record):
    """A node of a deployment."""

    fields = (
        "id", "deployment_id", "blueprint_id", "type", "type_hierarchy", "properties", "operations", "relationships",
        "plugins", "plugins_to_install", "host_id", "number_of_instances", "planned_number_of_instances",
        "deploy_number_of_instances", "min_number_of_instances", "max_number_of_instances", "created_by",
    )  # fmt: skip


class NodeInstance(Record):
    """A node instance."""

    fields = (
        "id", "node_id", "deployment_id", "host_id", "state", "version", "runtime_properties", "system_properties",
        "relationships", "scaling_groups", "index", "created_by",
    )  # fmt: skip


class Execution(ExecutionState, Record):
    """An execution; its states are class attributes."""

    fields = (
        "id", "workflow_id", "deployment_id", "blueprint_id", "status", "status_display", "error", "parameters",
        "created_at", "started_at", "ended_at", "created_by", "is_system_workflow", "is_dry_run",
    )  # fmt: skip


class Operation(Record):
    """A stored operation of a tasks graph."""

    fields = (
        "id", "name", "type", "state", "dependencies", "parameters", "created_at", "agent_name", "manager_name",
        "tasks_graph_id",
    )  # fmt: skip


class TasksGraph(Record):
    """A stored tasks graph."""

    fields = ("id", "name", "execution_id", "created_at")


class DeploymentModificationNodeInstances(Record):
    """The instances that a modification touches, by what becomes of them."""

    fields = ("added_and_related", "removed_and_related", "before_modification")


class DeploymentModification(DeploymentModificationState, Record):
    """A deployment modification; its states are class attributes."""

    fields = ("id", "deployment_id", "status", "modified_nodes", "context", "created_at", "ended_at")

    @property
    def node_instances(self) -> DeploymentModificationNodeInstances:
        """The instances that it touches."""
        return DeploymentModificationNodeInstances(self.get("node_instances") or {})
