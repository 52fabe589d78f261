"""`ctx.internal`: what the context's own parts, tests and some plugins need of it. Source: workflow-api §2.9."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from durable_wf.authoring.cancelling import Cancelling
from durable_wf.authoring.evaluation import DeploymentScope
from durable_wf.authoring.graphs import TaskDependencyGraph
from durable_wf.authoring.handler import LocalHandler, ViewedTopology
from durable_wf.authoring.home import Home
from durable_wf.authoring.local_pool import LocalTasksProcessing
from durable_wf.authoring.requests import Defaults, local_spec
from durable_wf.authoring.results import WorkflowTaskResult
from durable_wf.authoring.speech import make_logger
from durable_wf.authoring.task_classes import task_of
from durable_wf.authoring.task_events import Sending
from durable_wf.dsl.runtime import evaluate

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Mapping

    from durable_wf.authoring.services import Bridge, Topology
    from durable_wf.authoring.speech import Speech
    from durable_wf.authoring.tasks import WorkflowTask
    from durable_wf.authoring.workflow_ctx import WorkflowContext
    from durable_wf.model.events import Spec


class Internal(Sending):
    """The inside of a workflow's context.

    topology      the deployment, or None for a plain Python workflow
    defaults      what a task's policy is where it says nothing
    home          what the tasks of this run of the function share
    named_graphs  graphs that `make_or_get_graph` has built in this run of the function, by name
    """

    bootstrap_context: Mapping[str, Any]

    def __init__(
        self,
        ctx: WorkflowContext,
        bridge: Bridge,
        topology: Topology | None,
        options: Mapping[str, Any],
        speech: Speech,
    ) -> None:
        self.speech = speech
        self.bridge = bridge
        self.topology = topology
        self.defaults = Defaults(options, topology.settings if topology is not None else {})
        self.home = Home(ctx, bridge, ctx.execution_id, self.defaults)
        self.named_graphs: dict[str, TaskDependencyGraph] = {}
        self.bootstrap_context = {}
        self.graph: TaskDependencyGraph | None = None
        self.unfetched: set[WorkflowTaskResult] = set()
        self._ctx = ctx

    @cached_property
    def cancelling(self) -> Cancelling:
        """The cancel requests of the execution."""
        return Cancelling(self.bridge)

    # ------------------------------------------------------------------ tasks and graphs

    @property
    def graph_mode(self) -> bool:
        """Whether calls make unstarted tasks."""
        return self.graph is not None

    @graph_mode.setter
    def graph_mode(self, on: bool) -> None:
        """Switch to graph mode without looking at what was asked for.

        raises  RuntimeError for a switch back
        """
        if not on and self.graph is not None:
            text = "Cannot switch back from graph mode"
            raise RuntimeError(text)
        if on:
            self.graph = self.task_graph

    @property
    def task_graph(self) -> TaskDependencyGraph:
        """The graph of graph mode; asking for it does not switch to graph mode."""
        return self.graph if self.graph is not None else self._unused_graph

    @cached_property
    def _unused_graph(self) -> TaskDependencyGraph:
        return TaskDependencyGraph(self._ctx)

    def switch_to_graph_mode(self) -> TaskDependencyGraph:
        """The graph from now on.

        raises  RuntimeError while tasks of standard mode are not fetched, or while the graph holds tasks
        """
        if self.unfetched or (self.graph is not None and not self.graph.empty):
            text = "Cannot switch to graph mode when tasks have already been executed"
            raise RuntimeError(text)
        self.graph = self.task_graph
        return self.graph

    def emit(self, spec: Spec, **shown: Any) -> WorkflowTask | WorkflowTaskResult:
        """A task as the mode has it: unstarted for a graph, or started.

        shown  attributes of the task, such as `info`
        """
        spec = self.home.as_run(spec)
        attributes = [(name, value) for name, value in shown.items() if value is not None]
        result = None if self.graph_mode else self.start(spec)
        if result is not None and not attributes:  # most are never looked at: their object is made when somebody does
            return result
        task = task_of(self.home, spec) if result is None else result.task
        for name, value in attributes:
            setattr(task, name, value)
        return task if result is None else result

    def start(self, spec: Spec) -> WorkflowTaskResult:
        """A task that is started at once, whatever the mode; awaited at the function's end."""
        result = WorkflowTaskResult.start(self.home, spec, self.unfetched.discard)
        self.unfetched.add(result)
        return result

    def get_task_configuration(self) -> dict[str, Any]:
        """Retries of a task that says nothing itself."""
        return {"total_retries": self.defaults.total_retries, "retry_interval": self.defaults.retry_interval_s}

    def get_subgraph_task_configuration(self) -> dict[str, Any]:
        """Retries of a subgraph that says nothing itself."""
        return {"total_retries": self.defaults.subgraph_retries}

    # ------------------------------------------------------------------ local tasks

    @cached_property
    def local_tasks_processor(self) -> LocalTasksProcessing:
        """Where callables go that run beside the function."""
        return LocalTasksProcessing(self._ctx)

    def add_local_task(self, task: Callable[[], Any]) -> None:
        """Run a callable beside the function, as a recorded task; what it raises is logged and goes no further."""
        name = getattr(task, "__name__", type(task).__name__)
        logger = self.new_logger(f"{self._ctx.logger.name}.{name}")

        def run() -> None:
            try:
                task()
            except Exception:
                logger.exception("a local task failed")

        spec = local_spec(self.defaults, run, name=name, kwargs={}, retries=0, interval=None)
        self.start(self.home.as_run(spec))

    # ------------------------------------------------------------------ storage, functions, events

    @cached_property
    def handler(self) -> LocalHandler:
        """Reads of the storage at the workflow's view."""
        return LocalHandler(self._ctx)

    def evaluate_functions(self, deployment_id: str | None, ctx: Mapping[str, str] | None, payload: Any) -> Any:
        """The payload with its intrinsic functions evaluated, at the workflow's view.

        deployment_id  the execution's own
        ctx            instance ids by `self`, or `source` and `target`
        raises         RuntimeError where there is no such deployment; EvaluationError
        """
        if self.topology is None or deployment_id not in (None, self.topology.deployment):
            text = f"functions of deployment '{deployment_id}' cannot be evaluated here"
            raise RuntimeError(text)
        viewed = ViewedTopology(self._ctx, self.topology)
        return evaluate(payload, DeploymentScope(viewed, ctx or {}, reads_secrets=False))

    def new_logger(self, name: str) -> logging.Logger:
        """A logger whose lines are the execution's."""
        return make_logger(name, self.speech)
