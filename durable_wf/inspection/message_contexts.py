"""What an event or log is about: workflow, node, operation and attempt. Source: workflow-api §12.2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.codec import decode
from durable_wf.model.rows import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from durable_wf.inspection.view import Store
    from durable_wf.model import rows

TENANT = "default_tenant"
_WORKED = frozenset({int(Kind.OPERATION), int(Kind.LOCAL), int(Kind.SUBGRAPH)})


class Contexts:
    """Of one execution. Reads the rows of tasks, requests and instances again where one is met that is not known."""

    def __init__(self, store: Store, execution: rows.Execution) -> None:
        self._store = store
        self._row = execution
        self._workflow: dict[str, Any] | None = None
        self._tasks: dict[int, rows.Task] = {}
        self._bodies: dict[int, dict[str, Any]] = {}
        self._nodes: dict[str, str] = {}

    def learn(self, tasks: Iterable[rows.Task], payloads: Iterable[rows.Payload]) -> None:
        """Take in rows that were read or written anyway."""
        self._tasks.update((task.no, task) for task in tasks)
        for payload in payloads:
            if payload.no not in self._bodies:
                body = decode(payload.body_json)
                body.pop("kwargs", None)  # not shown, and may be large
                self._bodies[payload.no] = body

    # ------------------------------------------------------------------ tasks

    def task(self, no: int) -> rows.Task | None:
        """The task's row."""
        if no not in self._tasks:
            self.learn(self._store.stored("task", self._row.id), self._store.stored("payload", self._row.id))
        return self._tasks.get(no)

    def body(self, no: int) -> dict[str, Any]:
        """The task's request, without its arguments."""
        task = self.task(no)
        if task is not None and task.request not in self._bodies:
            self.learn((), self._store.stored("payload", self._row.id))
        return {} if task is None else self._bodies.get(task.request, {})

    def name(self, no: int) -> str:
        """The function's path for an operation, else what the task is called."""
        task = self.task(no)
        if task is None:
            return f"task {no}"
        return str(self.body(no).get("function") or task.name or Kind(task.kind).name)

    # ------------------------------------------------------------------ contexts

    def of_workflow(self) -> dict[str, Any]:
        """Of a message about the execution; a copy."""
        if self._workflow is None:
            deployments, blueprints = self._store.deployments(), self._store.blueprints()
            deployment = next((one for one in deployments if one.id == self._row.deployment), None)
            blueprint = next((one for one in blueprints if deployment and one.id == deployment.blueprint), None)
            self._workflow = {
                "blueprint_id": blueprint.name if blueprint is not None else None,
                "deployment_id": deployment.name if deployment is not None else None,
                "execution_id": self._row.uid,
                "workflow_id": self._row.workflow,
                "tenant": {"name": TENANT},
            }
        return {**self._workflow, "tenant": {"name": TENANT}}

    def of_said(self, row: rows.Event) -> dict[str, Any]:
        """Of what was sent or logged: of an attempt, or of the workflow."""
        task = None if row.task is None else self.task(row.task)
        if task is None or task.kind not in _WORKED:
            return self.of_workflow()
        return self._of_operation(task, row.attempt)

    def of_task(self, no: int, attempt: int | None, retries: int) -> dict[str, Any]:
        """Of an event about a task.

        retries  decided before this attempt
        """
        task = self.task(no)
        context = self.of_workflow() if task is None else self._of_operation(task, attempt)
        context["task_current_retries"] = retries
        context["task_total_retries"] = (self.body(no).get("policy") or {}).get("total_retries", -1)
        return context

    def _of_operation(self, task: rows.Task, attempt: int | None) -> dict[str, Any]:
        operation = self.body(task.no).get("operation") or {}
        return {
            **self.of_workflow(),
            "task_id": f"{self._row.uid}/{task.no}",
            "task_name": self.name(task.no),
            "task_queue": None,
            "task_target": None,
            "operation": operation.get("name"),
            "plugin": operation.get("plugin"),
            "attempt": attempt,
            **self._instances(task.target if task.kind != Kind.SUBGRAPH else ""),
        }

    def _instances(self, target: str) -> dict[str, Any]:
        """`node_id` is the instance's id, as in the reference."""
        if not target:
            return {}
        source, arrow, end = target.partition("->")
        if not arrow:
            return {"node_id": target, "node_name": self._node(target)}
        return {
            "source_id": source,
            "source_name": self._node(source),
            "target_id": end,
            "target_name": self._node(end),
        }

    def _node(self, instance: str) -> str | None:
        if instance not in self._nodes and self._row.deployment is not None:
            self._nodes.update((row.name, row.node) for row in self._store.instances(self._row.deployment))
            self._nodes.setdefault(instance, instance.rpartition("_")[0])  # it is gone; its name says of which node
        return self._nodes.get(instance)
