"""Tasks one after the other. Source: workflow-api §4.2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from durable_wf.authoring.tasks import WorkflowTask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from durable_wf.authoring.graphs import TaskDependencyGraph
    from durable_wf.authoring.subgraphs import SubgraphTask


class forkjoin:  # noqa: N801 - the reference's name
    """Tasks that a sequence starts together, and all of which it waits for."""

    def __init__(self, *tasks: WorkflowTask) -> None:
        self.tasks = tasks


Element: TypeAlias = "WorkflowTask | forkjoin | list[Any] | tuple[Any, ...]"


class TaskSequence:
    """Adds tasks, each after the ones added before it."""

    def __init__(self, graph: TaskDependencyGraph | SubgraphTask) -> None:
        self._owner = graph
        self._last: list[WorkflowTask] = []

    def add(self, *tasks: Element) -> None:
        """Add tasks and forkjoins; a list or a tuple stands for so many arguments. An empty forkjoin is skipped.

        raises  TypeError for anything else, before anything is added
        """
        for together in [[tasks[0]]] if len(tasks) == 1 and isinstance(tasks[0], WorkflowTask) else list(_steps(tasks)):
            for task in together:
                self._owner.add_task(task)
            self._owner.follow(self._last, together)
            self._last = together


def _steps(elements: tuple[Any, ...] | list[Any]) -> Iterator[list[WorkflowTask]]:
    for element in elements:
        if isinstance(element, (list, tuple)):
            yield from _steps(element)
        elif isinstance(element, forkjoin):
            together = [_checked(task, "a forkjoin") for task in element.tasks]
            if together:
                yield together
        else:
            yield [_checked(element, "a sequence")]


def _checked(task: Any, where: str) -> WorkflowTask:
    if isinstance(task, WorkflowTask):
        return task
    more = {"forkjoin": "; put a subgraph there", "WorkflowTaskResult": ", which was started already"}
    kind = type(task).__name__
    text = f"{where} takes tasks, not {kind} ({task!r}){more.get(kind, '')}"
    raise TypeError(text)
