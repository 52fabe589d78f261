"""The older system's pool of local tasks, by its name. Ours has no threads: the engine's workers run what it is given.

Source: reference/workflow-api.md §2.9.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable

    from durable_wf.authoring.workflow_ctx import WorkflowContext

DEFAULT_LOCAL_TASK_THREAD_POOL_SIZE = 8


class LocalTasksProcessing:
    """Runs callables beside a workflow function, each as a recorded task.

    thread_pool_size  kept for who reads it; how many run at once is the engine's `max_operations`
    """

    def __init__(
        self, workflow_ctx: WorkflowContext, thread_pool_size: int = DEFAULT_LOCAL_TASK_THREAD_POOL_SIZE
    ) -> None:
        self.workflow_ctx = workflow_ctx
        self.thread_pool_size = thread_pool_size
        self.stopped = False

    def start(self) -> None:
        """Take callables from now on."""
        self.stopped = False

    def stop(self) -> None:
        """Take none any more; what was given runs, and the execution waits for it."""
        self.stopped = True

    def add_task(self, task: Callable[[], Any]) -> None:
        """Run a callable. What it raises is logged and goes no further.

        raises  RuntimeError after `stop()`
        """
        if self.stopped:
            text = "the pool of local tasks was stopped"
            raise RuntimeError(text)
        self.workflow_ctx.internal.add_local_task(task)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
