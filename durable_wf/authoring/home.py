"""What the tasks, results and graphs of one run of a workflow function share."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from itertools import count
from typing import TYPE_CHECKING, Any
from uuid import UUID

from durable_wf.authoring.current import NotInContext, current_workflow_ctx
from durable_wf.authoring.requests import Defaults, in_dry_run
from durable_wf.errors import UsageError

if TYPE_CHECKING:
    from durable_wf.authoring.results import WorkflowTaskResult
    from durable_wf.authoring.services import Bridge
    from durable_wf.authoring.tasks import WorkflowTask
    from durable_wf.model.events import Spec


class Home:
    """One run of the function. A replay is another run, and gives the same ids and paths.

    ctx              the workflow's context
    defaults         what a task's policy is where it says nothing
    consulted        the task whose handler runs now
    fails_around     that handler has said that a subgraph around its task has failed
    function_thread  ident of the thread that executes graphs: the function's own; 0 before
    alone            tasks that were started outside of any graph and whose object the author has
    listeners        results of graphs' tasks that have callbacks and were not delivered yet
    """

    def __init__(self, ctx: Any, bridge: Bridge | None, execution_id: str, defaults: Defaults) -> None:
        self.ctx = ctx
        self.defaults = defaults
        self.consulted: WorkflowTask | None = None
        self.fails_around = False
        self.function_thread = 0
        self.alone: set[Spec] = set()
        self.listeners: dict[WorkflowTaskResult, None] = {}
        self.next_ordinal = count(1).__next__
        self._bridge = bridge
        self._execution_id = execution_id
        self._made: Counter[str] = Counter()

    @property
    def bridge(self) -> Bridge:
        """The way to the engine.

        raises  RuntimeError for a task or a graph that was made outside a workflow
        """
        if self._bridge is None:
            text = "it was made without a workflow's context; there is no engine to ask"
            raise RuntimeError(text)
        return self._bridge

    def as_run(self, spec: Spec) -> Spec:
        """The task as this run does it: a dry run only shows it."""
        return in_dry_run(spec) if getattr(self.ctx, "dry_run", False) is True else spec

    @property
    def connected(self) -> bool:
        """Whether there is an engine."""
        return self._bridge is not None

    def id_of(self, what: object) -> str:
        """A text like a UUID, the same whenever the function runs again.

        what  a task's ordinal, or a graph's name
        """
        digest = blake2b(f"{self._execution_id}/{what}".encode("utf-8", "backslashreplace"), digest_size=16).digest()
        return str(UUID(bytes=digest, version=4))

    def next_path(self) -> str:
        """The path of the next graph object."""
        self._made["graph"] += 1
        return f"graph{self._made['graph']}"

    def refuse_in_handler(self, what: str) -> None:
        """Say no to what a handler may not do.

        raises  UsageError while a handler runs
        """
        if self.consulted is not None:
            text = f"a handler of {self.consulted!r} may not {what}"
            raise UsageError(text, hint="add tasks to the graph and return a HandlerResult")

    def deliver(self) -> None:
        """Run the callbacks of what has ended since: the function is shown it now."""
        for result in list(self.listeners):
            result.deliver_if_ended()


def home_of(workflow_context: Any) -> Home:
    """The home of what is made with this context; None stands for the current one.

    returns  one without an engine for a mock, or where there is no workflow
    """
    if workflow_context is None:
        try:
            workflow_context = current_workflow_ctx.get_ctx()
        except NotInContext:
            return Home(None, None, "", Defaults({}, {}))
    found = getattr(getattr(workflow_context, "internal", None), "home", None)
    return found if isinstance(found, Home) else Home(workflow_context, None, "", Defaults({}, {}))
