"""The context of a workflow. Source: reference/workflow-api.md §2.

Whatever it reads of the storage is as it was at the workflow's view, which moves only by
`refresh_node_instances()`, a recorded task.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from durable_wf.authoring.cancelling import Cancelling, fetch
from durable_wf.authoring.functions import path_of
from durable_wf.authoring.graphs import TaskDependencyGraph
from durable_wf.authoring.nodes import Snapshot
from durable_wf.authoring.operation_ctx import Named, make_logger
from durable_wf.authoring.requests import Defaults, effect_spec, local_spec, operation_spec
from durable_wf.authoring.tasks import WorkflowTask, WorkflowTaskResult, start
from durable_wf.model.events import Asked, Begins
from durable_wf.model.rows import Kind

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterator, Mapping

    from durable_wf.authoring.nodes import CloudifyWorkflowNode, CloudifyWorkflowNodeInstance
    from durable_wf.authoring.services import Bridge, Topology
    from durable_wf.model.events import Spec

DEFAULT_WAIT_AFTER_FAIL_S = 600.0


class Internal:
    """`ctx.internal`: what the context's own parts, and tests, need of it (workflow-api §2.9).

    topology  the deployment, or None for a plain Python workflow
    defaults  what a task's policy is where it says nothing
    """

    def __init__(self, bridge: Bridge, topology: Topology | None, defaults: Defaults) -> None:
        self.bridge = bridge
        self.topology = topology
        self.defaults = defaults
        self.graph: TaskDependencyGraph | None = None
        self.unfetched: set[WorkflowTaskResult] = set()

    @cached_property
    def cancelling(self) -> Cancelling:
        """The cancel requests of the execution."""
        return Cancelling(self.bridge)

    @property
    def graph_mode(self) -> bool:
        """Whether calls make unstarted tasks."""
        return self.graph is not None

    def emit(self, spec: Spec) -> WorkflowTask | WorkflowTaskResult:
        """A task as the mode has it: unstarted for a graph, or started."""
        if self.graph_mode:
            return WorkflowTask(spec)
        result = start(self.bridge, spec, self.unfetched.discard)
        self.unfetched.add(result)
        return result


class WorkflowContext:
    """`ctx` of a workflow.

    wait_after_fail  seconds that independent branches may go on after the first failure of a graph
    """

    local = True
    dry_run = False

    def __init__(
        self,
        bridge: Bridge,
        topology: Topology | None,
        *,
        execution_id: str,
        workflow_id: str,
        options: Mapping[str, Any],
        log: Callable[[logging.LogRecord], None],
    ) -> None:
        defaults = Defaults(options, topology.settings if topology is not None else {})
        self.internal = Internal(bridge, topology, defaults)
        self._snapshot: Snapshot | None = None
        self._view_seq: int | None = None
        self.execution_id = execution_id
        self.workflow_id = workflow_id
        self.deployment = Named(topology.deployment if topology is not None else None)
        self.blueprint = Named(topology.blueprint if topology is not None else None)
        self.wait_after_fail: float = DEFAULT_WAIT_AFTER_FAIL_S
        self.logger = make_logger(f"ctx.{execution_id}", log)

    # ------------------------------------------------------------------ the engine's side

    def begin(self) -> None:
        """Ask where the view stands; called once, before the function."""
        self._view_seq = self.internal.bridge.call(Begins()).seq

    def _view(self) -> Snapshot:
        if self._snapshot is None:
            if self.internal.topology is None:
                self._snapshot = Snapshot(self, {}, [])
            else:
                at = self._view_seq
                self._snapshot = Snapshot(self, self.internal.topology.nodes(at), self.internal.topology.instances(at))
        return self._snapshot

    # ------------------------------------------------------------------ what it shows

    @property
    def resume(self) -> bool:
        """True from where the execution was first resumed on; in a replay it answers as it did then."""
        return self.internal.bridge.resumed

    @property
    def nodes(self) -> Iterator[CloudifyWorkflowNode]:
        """All nodes, by name."""
        return iter([node for _, node in sorted(self._view().nodes.items())])

    @property
    def node_instances(self) -> Iterator[CloudifyWorkflowNodeInstance]:
        """All node instances, by node and index."""
        return iter(list(self._view().instances.values()))

    def get_node(self, node_id: str) -> CloudifyWorkflowNode | None:
        """The node, or None."""
        return self._view().nodes.get(node_id)

    def get_node_instance(self, node_instance_id: str) -> CloudifyWorkflowNodeInstance | None:
        """The instance, or None."""
        return self._view().instances.get(node_instance_id)

    def refresh_node_instances(self) -> None:
        """Move the view to now. Makes new objects."""
        spec = effect_spec(Kind.REFRESH)
        self.internal.bridge.ask(Asked(spec))
        self._view_seq = fetch(self.internal.bridge, spec).seq
        self._snapshot = None

    # ------------------------------------------------------------------ what it can be asked for

    def graph_mode(self) -> TaskDependencyGraph:
        """Switch to graph mode; the same graph again while it is empty.

        raises  RuntimeError while tasks of standard mode are not fetched, or while the graph holds tasks
        """
        internal = self.internal
        if internal.unfetched or (internal.graph is not None and not internal.graph.empty):
            text = "Cannot switch to graph mode when tasks have already been executed"
            raise RuntimeError(text)
        if internal.graph is None:
            internal.graph = TaskDependencyGraph(internal.bridge, "graph1", self.wait_after_fail)
        return internal.graph

    def send_event(
        self,
        event: str,
        event_type: str = "workflow_stage",
        args: Any = None,
        additional_context: dict[str, Any] | None = None,
    ) -> Any:
        """A task that writes an event about the execution."""
        context = {**(additional_context or {}), **({"arguments": args} if args else {})}
        return self.internal.emit(
            effect_spec(Kind.EVENT, event_type, event=str(event), event_type=event_type, context=context)
        )

    def execute_task(
        self,
        task_name: str | Callable[..., Any],
        local: bool = True,  # noqa: ARG002 - there are no other machines
        task_queue: str | None = None,  # noqa: ARG002 - as above
        task_target: str | None = None,  # noqa: ARG002 - as above
        kwargs: dict[str, Any] | None = None,
        node_context: dict[str, Any] | None = None,
        send_task_events: bool = True,  # noqa: ARG002 - events are views over transitions
        total_retries: int | None = None,
        retry_interval: float | None = None,
        timeout: float | None = None,  # noqa: ARG002 - a thread cannot be stopped (workflow-api §3.8)
        timeout_recoverable: bool | None = None,  # noqa: ARG002 - as above
    ) -> Any:
        """A task that runs a function as an operation, of the deployment or of a node instance.

        task_name     `module.function`, `module:function`, or an importable function
        node_context  `{"node_id": ...}` with an instance's id: the operation has its node and instance
        raises        RuntimeError when there is no such instance
        """
        function = task_name if isinstance(task_name, str) else path_of(task_name)
        target, about = "", None
        if node_context and "node_id" in node_context:
            instance = self.get_node_instance(node_context["node_id"])
            if instance is None:
                text = f"there is no node instance '{node_context['node_id']}'"
                raise RuntimeError(text)
            target, about = instance.id, {"node": instance.node_id}
        return self.internal.emit(
            operation_spec(
                self.internal.defaults,
                name=function,
                target=target,
                function=function,
                kwargs=kwargs or {},
                about=about,
                retries=total_retries,
                interval=retry_interval,
            )
        )

    def local_task(
        self,
        local_task: Callable[..., Any],
        node: Any = None,  # noqa: ARG002 - for information only, there as here
        info: Any = None,
        kwargs: dict[str, Any] | None = None,
        task_id: str | None = None,  # noqa: ARG002 - the journal numbers tasks
        name: str | None = None,
        send_task_events: bool = True,  # noqa: ARG002 - events are views over transitions
        override_task_config: bool = False,
        total_retries: int | None = None,
        retry_interval: float | None = None,
    ) -> Any:
        """A task that runs any callable in a worker thread; its result goes through JSON.

        Precedence of settings: the callable's own `workflow_task_config` before what is given here, unless
        `override_task_config` (workflow-api §2.2).
        """
        given = {
            "kwargs": kwargs,
            "name": name,
            "info": info,
            "total_retries": total_retries,
            "retry_interval": retry_interval,
        }
        own = getattr(local_task, "workflow_task_config", {})
        chosen = {key: value for key, value in given.items() if value is not None}
        config = {**own, **chosen} if override_task_config else {**chosen, **own}
        spec = local_spec(
            self.internal.defaults,
            local_task,
            name=str(config.get("name") or getattr(local_task, "__name__", type(local_task).__name__)),
            kwargs=config.get("kwargs") or {},
            retries=config.get("total_retries"),
            interval=config.get("retry_interval"),
        )
        return self.internal.emit(spec)
