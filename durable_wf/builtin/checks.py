"""check_status and check_drift: what operations find out, and where it is kept. Source: workflow-api §10.10."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.authoring.handlers import HandlerResult
from durable_wf.authoring.sequences import forkjoin
from durable_wf.builtin.operations import run_on
from durable_wf.builtin.steps import LIFECYCLE, RELATIONSHIPS, VALIDATION, does_nothing
from durable_wf.builtin.system import change, writes

if TYPE_CHECKING:
    from durable_wf.authoring.node_instances import CloudifyWorkflowNodeInstance
    from durable_wf.authoring.subgraphs import SubgraphTask
    from durable_wf.authoring.tasks import WorkflowTask
    from durable_wf.authoring.workflow_ctx import WorkflowContext
    from durable_wf.builtin.selection import Instances
    from durable_wf.builtin.system import Path

CHECK_STATUS = f"{VALIDATION}.check_status"
DRIFT = "configuration_drift"
SOURCE_DRIFT = "source_relationships_configuration_drift"
TARGET_DRIFT = "target_relationships_configuration_drift"


class Findings:
    """Has the outcome of tasks written down.

    ignore_failure  what fails is written down, and its graph goes on
    """

    def __init__(self, ctx: WorkflowContext, *, ignore_failure: bool) -> None:
        self._ctx = ctx
        self._ignore = ignore_failure
        self._kept: dict[WorkflowTask, tuple[str, Path, str | None]] = {}

    def keep(self, task: WorkflowTask, instance_id: str, path: Path, before: str | None = None) -> None:
        """Write the outcome of a task into the system properties of an instance.

        path    where to
        before  the key under which the finding of before is kept
        """
        self._kept[task] = instance_id, path, before
        task.on_success = self._succeeded
        if self._ignore:
            task.on_failure = self._ignored

    def watch(self, subgraph: SubgraphTask) -> None:
        """Write down which of its tasks failed, however it did."""
        subgraph.on_failure = self._failed

    def _succeeded(self, task: WorkflowTask) -> HandlerResult:
        self._write(task, ok=True, result=task.async_result.result)
        return HandlerResult.cont()

    def _ignored(self, task: WorkflowTask) -> HandlerResult:
        self._write(task, ok=False, result=_message(task))
        return HandlerResult.ignore()

    def _failed(self, subgraph: SubgraphTask) -> HandlerResult:
        task = subgraph.failed_task
        if task is not None and task in self._kept:
            self._write(task, ok=False, result=_message(task))
        return HandlerResult.ignore() if self._ignore else HandlerResult.fail()

    def _write(self, task: WorkflowTask, *, ok: bool, result: Any) -> None:
        instance_id, path, before = self._kept[task]
        found = {"ok": ok, "result": result, "task": task.name}
        graph = self._ctx.internal.task_graph
        graph.add_task(writes(self._ctx, instance_id, change(path, found, before)))


def _message(task: WorkflowTask) -> str:
    return str((task.error or {}).get("message", ""))


def check_status(
    ctx: WorkflowContext, selected: Instances, *, in_dependency_order: bool, ignore_failure: bool, prefix: str = ""
) -> None:
    """Ask the selected instances how they are, once each.

    raises  WorkflowFailed where one is not well, unless `ignore_failure`; ExecutionCancelled
    """
    findings = Findings(ctx, ignore_failure=ignore_failure)

    def fill(instance: CloudifyWorkflowNodeInstance, subgraph: SubgraphTask) -> None:
        task = instance.execute_operation(CHECK_STATUS)
        if does_nothing(task):
            return
        task.total_retries = 0
        findings.keep(task, instance.id, ["status"], "previous_status")
        findings.watch(subgraph)
        subgraph.sequence().add(
            instance.send_event("Checking the status of node instance"),
            task,
            instance.send_event("Checked the status of node instance"),
        )

    run_on(ctx, selected, fill, in_dependency_order=in_dependency_order, name=f"{prefix}check_status")


def check_drift(ctx: WorkflowContext, selected: Instances, *, in_dependency_order: bool, ignore_failure: bool) -> None:
    """Ask the selected instances, and then their relationships, how they differ from what they were made as.

    raises  WorkflowFailed where that cannot be told, unless `ignore_failure`; ExecutionCancelled
    """
    findings = Findings(ctx, ignore_failure=ignore_failure)

    def fill(instance: CloudifyWorkflowNodeInstance, subgraph: SubgraphTask) -> None:
        own = instance.execute_operation(f"{LIFECYCLE}.check_drift")
        ends = _relationship_checks(instance)
        if does_nothing(own) and not ends:
            return
        findings.watch(subgraph)
        steps: list[Any] = [instance.send_event("Checking the drift of node instance")]
        if not does_nothing(own):
            findings.keep(own, instance.id, [DRIFT])
            steps.append(own)
        for task, of, path in ends:
            findings.keep(task, of, path)
        done = instance.send_event("Checked the drift of node instance")
        subgraph.sequence().add(*steps, forkjoin(*(task for task, _, _ in ends)), done)

    run_on(ctx, selected, fill, in_dependency_order=in_dependency_order, name="check_drift")


def _relationship_checks(instance: CloudifyWorkflowNodeInstance) -> list[tuple[WorkflowTask, str, Path]]:
    """Each check of a relationship of the instance, the id of the instance that it tells of, and where it is kept."""
    name = f"{RELATIONSHIPS}.check_drift"
    found: list[tuple[WorkflowTask, str, Path]] = []
    for rel in instance.relationships:
        found.append((rel.execute_source_operation(name), rel.source_id, [SOURCE_DRIFT, rel.target_id]))
        found.append((rel.execute_target_operation(name), rel.target_id, [TARGET_DRIFT, rel.source_id]))
    return [one for one in found if not does_nothing(one[0])]


def has_drifted(ctx: WorkflowContext, instance: CloudifyWorkflowNodeInstance) -> bool:
    """Whether the newest check found that the instance, or an end of a relationship of it, is not as it was made."""
    system = instance.system_properties
    found = [system.get(DRIFT), *(system.get(SOURCE_DRIFT) or {}).values()]
    for rel in instance.relationships:
        target = ctx.get_node_instance(rel.target_id)
        if target is not None:
            found.append((target.system_properties.get(TARGET_DRIFT) or {}).get(instance.id))
    return any(one and one.get("ok") and one.get("result") for one in found)
