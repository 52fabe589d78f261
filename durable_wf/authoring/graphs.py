"""The task graph as authors build it. Source: workflow-api §4.

Unlike there: a cycle is refused with its name, the causes of a failure are filled in, a graph may be executed again
after a failure, and a handler may add to the graph that runs.
"""

from __future__ import annotations

from threading import get_ident
from typing import TYPE_CHECKING, Any

from durable_wf.authoring import custom, named_graphs
from durable_wf.authoring.cancelling import cancelled
from durable_wf.authoring.failures import workflow_failed
from durable_wf.authoring.fixed_set import FixedSet
from durable_wf.authoring.handlers import decide
from durable_wf.authoring.home import home_of
from durable_wf.authoring.sequences import TaskSequence, forkjoin
from durable_wf.authoring.subgraphs import SubgraphTask
from durable_wf.authoring.task_maps import TaskMap
from durable_wf.errors import EngineBug, UsageError
from durable_wf.graph.build import GraphBuild
from durable_wf.model.commands import Consult
from durable_wf.model.rows import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from durable_wf.authoring.tasks import WorkflowTask
    from durable_wf.graph.build import Additions
    from durable_wf.model.commands import Answer
    from durable_wf.model.events import Decides, Spec

__all__ = ["SubgraphTask", "TaskDependencyGraph", "TaskSequence", "forkjoin"]

DEFAULT_WAIT_AFTER_FAIL_S = 600.0
_LOCAL = Kind.LOCAL  # looked up for every task


class TaskDependencyGraph:
    """A graph of tasks, and `execute()`.

    id    as given, or as it was named; None before
    """

    def __init__(
        self,
        workflow_context: Any,
        graph_id: str | None = None,
        default_subgraph_task_config: Mapping[str, Any] | None = None,
    ) -> None:
        self.home = home_of(workflow_context)
        self.id = graph_id
        self._subgraph_config = dict(default_subgraph_task_config or {})
        self._build = GraphBuild(self.home.next_path())
        self._tasks: dict[Spec, WorkflowTask] = {}  # also ended ones, until its execute() has ended
        self._by_id: dict[str, WorkflowTask] | None = None
        self._left_over = False  # an execute() has ended and left tasks that have not
        self._failed: Answer | None = None  # the newest execute() that failed

    # ------------------------------------------------------------------ looking

    @property
    def workflow_context(self) -> Any:
        """The context of the workflow."""
        return self.home.ctx

    @property
    def default_subgraph_task_config(self) -> dict[str, Any]:
        """What a subgraph is made with."""
        return {"total_retries": self.home.defaults.subgraph_retries, **self._subgraph_config}

    @property
    def empty(self) -> bool:
        """Whether nothing waits to be executed."""
        return self._build.empty

    @property
    def tasks(self) -> list[WorkflowTask]:
        """The tasks that have not ended, as of what the function was shown last; those to be executed included."""
        return self.live(self._tasks)

    def tasks_iter(self) -> Iterator[WorkflowTask]:
        """The same one by one."""
        return iter(self.tasks)

    def get_task(self, task_id: str | WorkflowTask) -> WorkflowTask | None:
        """The task with this id, or None."""
        if self._by_id is None:
            self._by_id = {task.id: task for task in self._tasks.values()}
        task = self._by_id.get(task_id if isinstance(task_id, str) else task_id.id)
        return task if task is not None and task.spec in self._build else None

    def task_of(self, spec: Spec) -> WorkflowTask | None:
        """The task that the engine knows by `spec`."""
        return self._tasks.get(spec)

    def live(self, specs: Iterable[Spec]) -> list[WorkflowTask]:
        """Those of these tasks that are in the graph and have not ended."""
        found = [spec for spec in specs if spec in self._build and spec in self._tasks]
        stored = [spec for spec in found if not self._build.is_new(spec)]
        ended: set[Spec] = set()
        if stored:
            ended = {spec for spec, seen in zip(stored, self.home.bridge.look(stored), strict=True) if seen.ended}
        return [self._tasks[spec] for spec in found if spec not in ended]

    def has_dependency(self, src_task: WorkflowTask | str, dst_task: WorkflowTask | str) -> bool:
        """Whether `src_task` still waits for `dst_task`, directly."""
        return dst_task in self.waits_for(src_task)

    def waits_for(self, task: WorkflowTask | str) -> FixedSet[WorkflowTask]:
        """What a task still waits for, directly; before the execute() the subgraph that it is in, too."""
        if (found := self.get_task(task)) is None:
            return FixedSet()
        specs = self._build.waits_for(found.spec)
        if found.spec.parent is not None and self._build.is_new(found.spec.parent):
            specs.append(found.spec.parent)
        return FixedSet(self.live(specs))

    def awaited_by(self, task: WorkflowTask | str) -> FixedSet[WorkflowTask]:
        """What waits for a task, directly; before the execute() also what is in it."""
        found = self.get_task(task)
        if found is None:
            return FixedSet()
        specs = self._build.awaited_by(found.spec)
        if isinstance(found, SubgraphTask) and self._build.is_new(found.spec):
            specs += found.members
        return FixedSet(self.live(specs))

    @property
    def _dependencies(self) -> TaskMap:
        return TaskMap(self, self.waits_for)

    @property
    def _dependents(self) -> TaskMap:
        return TaskMap(self, self.awaited_by)

    def linearize(self) -> list[WorkflowTask]:
        """The tasks in an order in which they may run, subgraphs before what is in them; those in a cycle left out."""
        live = self.live(self._tasks)
        waits = {task: len(self.waits_for(task)) for task in live}
        free = [task for task in live if not waits[task]]
        for task in free:
            for dependent in self.awaited_by(task):
                waits[dependent] -= 1
                if not waits[dependent]:
                    free.append(dependent)
        return free

    # ------------------------------------------------------------------ building

    def add_task(self, task: WorkflowTask) -> None:
        """Add a task; twice is harmless."""
        self._add(task)

    def add_into(self, task: WorkflowTask, subgraph: SubgraphTask) -> None:
        """Add a task to a subgraph of the graph.

        raises  RuntimeError when it is in another one
        """
        spec = task.spec
        if spec.parent is not None and spec.parent is not subgraph.spec:
            text = f"{task!r} cannot be contained in more than one subgraph"
            raise RuntimeError(text)
        if spec.parent is None and spec in self._build and not self._build.is_new(spec):
            text = f"{task!r} was executed already; it cannot be put into a subgraph any more"
            raise UsageError(text)
        before, spec.parent = spec.parent, subgraph.spec
        try:
            self._add(task)
        except BaseException:
            spec.parent = before
            raise
        subgraph.members[spec] = task
        task.containing_subgraph = subgraph

    def _add(self, task: WorkflowTask) -> None:
        spec = task.spec
        if spec in self._tasks and spec in self._build:
            return
        if spec.kind is _LOCAL:
            custom.prepare(task)
        if spec in self.home.alone:
            text = f"{task!r} was started by itself; it belongs to no graph"
            raise RuntimeError(text)
        self._build.add(spec)
        self._tasks[spec] = task
        if self._by_id is not None:
            self._by_id[task.id] = task

    def remove_task(self, task: WorkflowTask | str) -> None:
        """Take a task out, with its edges and, of a subgraph, with all that is in it; an unknown one is ignored.

        One that was executed is taken out by the next `execute()`, or by the handler's decision; not if it has ended.
        """
        found = self.get_task(task)
        if found is None or not self.live([found.spec]):
            return
        inside = list(found.everything()) if isinstance(found, SubgraphTask) else []
        fresh = [one.spec for one in (found, *inside) if self._build.is_new(one.spec)]
        self._build.remove([one.spec for one in (found, *inside)])
        self._forget(fresh)
        if found.containing_subgraph is not None and found.spec in fresh:
            found.containing_subgraph.members.pop(found.spec, None)

    def add_dependency(self, src_task: WorkflowTask | str, dst_task: WorkflowTask | str) -> None:
        """`src_task` waits for `dst_task`. A task that waits for itself, or for a subgraph that it is in, is as it was.

        raises  RuntimeError when either is not in the graph
        """
        src, dst = self._spec("src", src_task), self._spec("dst", dst_task)
        above = src.parent
        while above is not None and above is not dst and above is not src:
            above = above.parent
        if above is not dst:
            self._build.depend(src, dst)

    def remove_dependency(self, src_task: WorkflowTask | str, dst_task: WorkflowTask | str) -> None:
        """`src_task` does not wait for `dst_task` any more.

        raises  RuntimeError when either is not in the graph; UsageError for what is tied by a forkjoin that was
                executed
        """
        src, dst = self._spec("src", src_task), self._spec("dst", dst_task)
        if dst in self._build.waits_for(src):
            self._build.unlink(src, dst)

    def _spec(self, role: str, task: WorkflowTask | str) -> Spec:
        known = self.get_task(task) if isinstance(task, str) else task
        if known is None or known.spec not in self._build:
            text = f"{role} not in graph: {task!r}"
            raise RuntimeError(text)
        return known.spec

    def sequence(self) -> TaskSequence:
        """A new, empty sequence."""
        return TaskSequence(self)

    def subgraph(self, name: str) -> SubgraphTask:
        """A new subgraph, added to the graph."""
        return self.new_subgraph(name, None)

    def new_subgraph(self, name: str, inside: SubgraphTask | None) -> SubgraphTask:
        """A new subgraph, added to the graph or to a subgraph of it."""
        made = SubgraphTask(self, info={"name": name}, **{"retry_interval": 0.0, **self.default_subgraph_task_config})
        if inside is None:
            self._add(made)
        else:
            self.add_into(made, inside)
        return made

    def follow(self, before: list[WorkflowTask], after: list[WorkflowTask], parent: SubgraphTask | None = None) -> None:
        """Everything in `after` waits for everything in `before`."""
        self._build.follow(
            [task.spec for task in before], [task.spec for task in after], parent.spec if parent else None
        )

    def optimize(self) -> None:
        """Drop tasks that do nothing, and subgraphs of nothing else; what waited for them waits for what they did.

        One that is tied across the border of its subgraph stays.
        """
        depths: dict[Spec, int] = {}
        for spec, task in self._tasks.items():
            if self._build.is_new(spec) and (task.is_subgraph or task.is_nop()):
                above, depths[spec] = spec.parent, 0
                while above is not None and depths[spec] < len(self._tasks):
                    above, depths[spec] = above.parent, depths[spec] + 1
        for spec in sorted(depths, key=lambda one: -depths[one]):
            task = self._tasks[spec]
            if self._is_needless(task):
                self._build.bridge(spec)
                self._forget([spec])
                if task.containing_subgraph is not None:
                    task.containing_subgraph.members.pop(spec, None)

    def _is_needless(self, task: WorkflowTask) -> bool:
        asked = task.on_success is not None or task.on_failure is not None
        if asked or task.execute_after is not None or (isinstance(task, SubgraphTask) and task.members):
            return False
        return all(one.parent is task.spec.parent for one in self._build.neighbours(task.spec))

    # ------------------------------------------------------------------ by name

    def store(self, name: str, optimize: bool = True) -> None:
        """Remember the graph under a name, for this run of the function; it is stored when it is executed.

        optimize  see `optimize()`
        """
        named_graphs.store(self, name, optimize=optimize)

    @classmethod
    def restore(cls, workflow_context: Any, retrieved_graph: Any) -> TaskDependencyGraph:
        """A new graph of the tasks of a named one that have not ended.

        retrieved_graph  has the `id`: what `ctx.get_tasks_graph(name)` gives
        raises           RuntimeError for a class that is no task's; NonRecoverableError for a handler without a path
        """
        made = cls(workflow_context, retrieved_graph.id)
        named_graphs.restore(made, workflow_context.get_operations(retrieved_graph.id))
        return made

    # ------------------------------------------------------------------ running

    def execute(self) -> None:
        """Run what was added since the last time, and wait for its end; handlers are asked meanwhile.

        raises  WorkflowFailed naming each failed task and its cause, again where nothing is new and tasks stand behind
                it; ExecutionCancelled when the function is told of a cancel; CycleError; UsageError in a handler
        """
        self.home.refuse_in_handler("execute a graph")
        if self._failed and self._build.empty and any(task.dependency_error for task in self.tasks):
            raise workflow_failed(self._failed)
        bridge = self.home.bridge
        self.home.function_thread = get_ident()
        removed = self._removed()
        asked = self._build.take(getattr(self.home.ctx, "wait_after_fail", DEFAULT_WAIT_AFTER_FAIL_S))
        self._forget(removed)
        answer = bridge.execute(asked)
        while isinstance(answer, Consult):
            answer = bridge.execute(self._decide(answer))
        self._ended(answer)
        self.home.deliver()
        if answer.cancelled:
            raise cancelled()
        if answer.failed:
            raise workflow_failed(answer)

    def _ended(self, answer: Answer) -> None:
        """Let go of what has ended: nothing asks for it by the graph any more."""
        self._failed = answer if answer.failed else self._failed
        self._left_over = self._left_over or bool(answer.failed) or answer.cancelled
        left = {task.spec: task for task in self.tasks} if self._left_over else {}
        for task in left.values():
            task.dependency_error = task.dependency_error or bool(answer.failed)
        self._build.forget(ended := [spec for spec in self._tasks if spec not in left])
        self._forget(ended)

    def _decide(self, consult: Consult) -> Decides:
        task = self._tasks.get(consult.spec)
        if task is None:
            raise EngineBug(f"a handler was asked for of a task that is not in {self._build.path}: {consult.spec.name}")
        self.home.consulted, self._build.consulted, task.consult = task, consult.spec, consult
        try:
            decided = decide(self, task, consult)
            if decided.replacement is not None:
                task.was_replaced(consult)
            return decided
        finally:
            self.home.consulted = self._build.consulted = None
            del task.consult

    def take_additions(self, replaced: Spec, by: Spec | None, *, first: bool = False) -> Additions:
        """What the handler of `replaced` added and took out; `by` takes its place; `first`: it waits for all of that.

        raises  CycleError, UsageError; then nothing has changed
        """
        removed = self._removed()
        found = self._build.take_additions(replaced, by, first=first)
        gone = [*removed, replaced] if by is not None else removed
        task = self._tasks[replaced]
        if by is not None and isinstance(task, SubgraphTask):
            gone += [one.spec for one in task.everything() if not one.spec.parent or one.spec.parent is not by]
        self._forget(gone)
        return found

    def discard_additions(self) -> None:
        """A handler failed: what it added is not in the graph, what it took out still is."""
        fresh = self._build.new
        for spec in fresh:
            task = self._tasks.get(spec)
            if task is not None and task.containing_subgraph is not None:
                task.containing_subgraph.members.pop(spec, None)
        self._build.discard()
        self._forget(fresh)

    def take_the_place(self, task: WorkflowTask, replacement: WorkflowTask) -> Spec:
        """Put a handler's replacement where the replaced task is: into its subgraph.

        raises  TypeError for what is no task
        """
        spec = getattr(replacement, "spec", None)
        if spec is None:
            raise TypeError(f"retried_task is {replacement!r}; it is a task")
        outer = task.containing_subgraph
        if outer is not None and spec.parent is None and not replacement.stored:
            self.add_into(replacement, outer)
        else:
            self._add(replacement)
        replacement.retried_task = task.id
        return replacement.spec

    def _removed(self) -> list[Spec]:
        """What was taken out since the last time and is still known here."""
        return [spec for spec in self._tasks if spec not in self._build]

    def _forget(self, specs: Iterable[Spec]) -> None:
        for spec in specs:
            self._tasks.pop(spec, None)
        self._by_id = None
