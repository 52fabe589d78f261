"""The task graph as authors build it. Source: reference/workflow-api.md §4.

Unlike there: a cycle is refused with its name, the causes of a failure are filled in, a graph may be executed again
after a failure, and running members of a failed subgraph are waited for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.authoring import recorded
from durable_wf.authoring.cancelling import cancelled
from durable_wf.authoring.exceptions import WorkflowFailed
from durable_wf.authoring.requests import effect_spec
from durable_wf.authoring.tasks import WorkflowTask
from durable_wf.codec import decode
from durable_wf.graph.build import GraphBuild
from durable_wf.model.commands import Consult
from durable_wf.model.rows import Kind

if TYPE_CHECKING:
    from durable_wf.authoring.services import Bridge
    from durable_wf.model.commands import Answer, Cause
    from durable_wf.model.events import Spec


class forkjoin:  # noqa: N801 - the reference's name
    """Tasks that a sequence starts together, and all of which it waits for."""

    def __init__(self, *tasks: WorkflowTask) -> None:
        self.tasks = tasks


class TaskSequence:
    """Adds tasks, each after the ones added before it."""

    def __init__(self, owner: TaskDependencyGraph | SubgraphTask) -> None:
        self._owner = owner
        self._last: list[WorkflowTask] = []

    def add(self, *elements: WorkflowTask | forkjoin) -> None:
        """Add tasks or forkjoins. An empty forkjoin is skipped (workflow-api §4.2)."""
        for element in elements:
            tasks = list(element.tasks) if isinstance(element, forkjoin) else [element]
            if not tasks:
                continue
            for task in tasks:
                self._owner.add_task(task)
            self._owner.follow(self._last, tasks)
            self._last = tasks


class TaskDependencyGraph:
    """A graph of tasks, and `execute()`."""

    def __init__(self, bridge: Bridge, path: str, wait_after_fail_s: float) -> None:
        self._bridge = bridge
        self._build = GraphBuild(path)
        self._tasks: dict[Spec, WorkflowTask] = {}
        self._wait_after_fail_s = wait_after_fail_s

    @property
    def empty(self) -> bool:
        """Whether nothing waits to be executed."""
        return self._build.empty

    @property
    def tasks(self) -> list[WorkflowTask]:
        """The tasks that wait for the next execute()."""
        return list(self._tasks.values())

    def add_task(self, task: WorkflowTask) -> None:
        """Add a task; twice is harmless."""
        self._add(task, None)

    def add_dependency(self, src_task: WorkflowTask, dst_task: WorkflowTask) -> None:
        """`src_task` waits for `dst_task`.

        raises  RuntimeError when either is not in the graph
        """
        for role, task in (("src", src_task), ("dst", dst_task)):
            if task.spec not in self._build:
                text = f"{role} not in graph: {task!r}"
                raise RuntimeError(text)
        self._build.depend(src_task.spec, dst_task.spec)

    def sequence(self) -> TaskSequence:
        """A new, empty sequence."""
        return TaskSequence(self)

    def subgraph(self, name: str) -> SubgraphTask:
        """A new subgraph, added to the graph."""
        return self._new_subgraph(name, None)

    def execute(self) -> None:
        """Run what was added since the last time, and wait for its end.

        raises  WorkflowFailed naming each failed task and its cause; CycleError
        """
        asked = self._build.take(self._wait_after_fail_s)
        self._tasks.clear()
        answer = self._bridge.execute(asked)
        if isinstance(answer, Consult):
            text = "handlers are not asked yet"
            raise TypeError(text)
        if answer.cancelled:
            raise cancelled()
        if answer.failed:
            raise _workflow_failed(answer)

    def follow(self, before: list[WorkflowTask], after: list[WorkflowTask], parent: SubgraphTask | None = None) -> None:
        """Everything in `after` waits for everything in `before`."""
        self._build.follow(
            [task.spec for task in before], [task.spec for task in after], parent.spec if parent else None
        )

    def _new_subgraph(self, name: str, parent: SubgraphTask | None) -> SubgraphTask:
        made = SubgraphTask(self, name)
        self._add(made, parent)
        return made

    def _add(self, task: WorkflowTask, parent: SubgraphTask | None) -> None:
        spec = task.spec
        if parent is not None and spec.parent is not parent.spec:
            if spec.parent is not None:
                text = f"{task!r} cannot be contained in more than one subgraph"
                raise RuntimeError(text)
            spec.parent = parent.spec
        if spec not in self._build:
            self._build.add(spec)
            self._tasks[spec] = task


class SubgraphTask(WorkflowTask):
    """A graph inside a graph: itself a task, in sequences and dependencies."""

    is_subgraph = True

    def __init__(self, graph: TaskDependencyGraph, name: str) -> None:
        super().__init__(effect_spec(Kind.SUBGRAPH, name))
        self.graph = graph
        self.info = {"name": name}
        self.tasks: dict[str, WorkflowTask] = {}

    @property
    def name(self) -> str:
        """Its name."""
        return self.spec.name

    def add_task(self, task: WorkflowTask) -> None:
        """Add a task to the subgraph; it starts after the subgraph has.

        raises  RuntimeError when it is in another subgraph
        """
        self.graph._add(task, self)  # noqa: SLF001 - a subgraph is a part of its graph
        self.tasks.setdefault(task.id, task)

    def add_dependency(self, src_task: WorkflowTask, dst_task: WorkflowTask) -> None:
        """`src_task` waits for `dst_task`."""
        self.graph.add_dependency(src_task, dst_task)

    def sequence(self) -> TaskSequence:
        """A new, empty sequence inside the subgraph."""
        return TaskSequence(self)

    def subgraph(self, name: str) -> SubgraphTask:
        """A new subgraph inside this one."""
        made = self.graph._new_subgraph(name, self)  # noqa: SLF001 - as above
        self.tasks.setdefault(made.id, made)
        return made

    def follow(self, before: list[WorkflowTask], after: list[WorkflowTask]) -> None:
        """As the graph's, inside the subgraph."""
        self.graph.follow(before, after, self)


def _workflow_failed(answer: Answer) -> WorkflowFailed:
    """The text of workflow-api §4.4, with the causes that the reference leaves empty."""
    lines = [f"{_description(cause)}: {_cause_text(cause)}" for cause in answer.causes]
    text = f"Task failed: {lines[0]}" if len(lines) == 1 else "\n".join([f"{len(lines)} operation errors:", *lines])
    errors = [(decode(cause.detail_json) or {}).get("error") or {} for cause in answer.causes]
    if errors and errors[0].get("traceback"):
        text += f"\nTraceback of {_description(answer.causes[0])} (most recent call last):\n{errors[0]['traceback']}"
    error = WorkflowFailed(text.rstrip(), causes=[_as_cause(one) for one in errors if one], hide_traceback=True)
    return recorded.mark(error, answer.failed)


def _description(cause: Cause) -> str:
    function = decode(cause.request).get("function")
    if function is None:
        return f"{cause.name} {cause.target}".strip()
    return f"{function} ({cause.target}:{cause.name})" if cause.target else str(function)


def _cause_text(cause: Cause) -> str:
    error = (decode(cause.detail_json) or {}).get("error")
    return f"{error['type'].rpartition(':')[2]} `{error['message']}`" if error else ""


def _as_cause(error: dict[str, Any]) -> dict[str, Any]:
    return {"type": error["type"].rpartition(":")[2], "message": error["message"], "traceback": error["traceback"]}
