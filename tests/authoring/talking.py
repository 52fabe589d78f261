"""Workflows and operations that log and send events."""

from __future__ import annotations

import logging
import threading
from typing import Any

from cloudify.logs import CloudifyCtxLoggingHandler
from cloudify.workflows.tasks import HandlerResult

from durable_wf import ctx, operation, workflow
from durable_wf.authoring.exceptions import NonRecoverableError
from tests.replay.work import WORLD

LIBRARY = logging.getLogger("tests.library")


@operation
def speaks() -> str:
    """Through its ctx and through a logger of its own, at every level."""
    ctx.logger.debug("fine")
    LIBRARY.debug("too fine")
    LIBRARY.info("connected to %s", "here")
    logging.getLogger("tests.library.deeper").warning("slow")
    ctx.send_event("half-way")
    ctx.logger.error("done")
    return "spoken"


@operation
def talks() -> str:
    """One line and one event, of a node instance."""
    ctx.logger.info("of the operation")
    ctx.send_event("a plugin event")
    return "talked"


@operation
def routes() -> None:
    """A library's logger led to ctx.logger, as plugins do it."""
    handler = CloudifyCtxLoggingHandler(ctx._get_current_object())
    LIBRARY.addHandler(handler)
    try:
        LIBRARY.warning("once")
    finally:
        LIBRARY.removeHandler(handler)


@operation
def looks_at_logging() -> dict[str, Any]:
    """What of logging's set-up an operation sees."""
    return set_up()


def set_up() -> dict[str, Any]:
    """What must not be touched."""
    root = logging.getLogger()
    return {
        "level": root.level,
        "handlers": [type(one).__name__ for one in root.handlers],
        "disable": root.manager.disable,
        "propagate": [root.propagate, LIBRARY.propagate],
        "levels": [LIBRARY.level, LIBRARY.getEffectiveLevel()],
    }


@operation
def says_much(lines: int, text: str = "line") -> None:
    """A burst."""
    for number in range(lines):
        ctx.logger.info("%s %d", text, number)


@operation
def says_and_waits(name: str) -> None:
    """A line, a gate, and another line."""
    ctx.logger.info("before")
    WORLD.note(name, "")
    ctx.logger.info("after")


@operation
def in_threads(count: int, lines: int) -> None:
    """Threads of the plugin's own speak through its logger."""
    logger = ctx.logger

    def speak(number: int) -> None:
        for line in range(lines):
            logger.info("%d %d", number, line)

    threads = [threading.Thread(target=speak, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@operation
def fails(text: str = "no") -> None:
    """For good."""
    raise NonRecoverableError(text)


@operation
def at_last(succeed_at: int, how: str = "error") -> int:
    """Fails, or asks to be run again, until a retry number is reached."""
    if ctx.operation.retry_number < succeed_at:
        if how == "retry":
            return ctx.operation.retry("not yet")
        raise ValueError("not yet")
    return succeed_at


def run(ctx: Any, function: Any, **kwargs: Any) -> Any:
    """A task of one of these."""
    return ctx.execute_task(f"tests.authoring.talking:{function.__name__}", kwargs=kwargs)


@workflow
def one(ctx: Any, name: str, kwargs: dict[str, Any] | None = None, **more: Any) -> Any:
    """One operation."""
    return ctx.execute_task(f"tests.authoring.talking:{name}", kwargs=kwargs, **more).get()


@workflow
def mixed(ctx: Any) -> None:
    """The reference's example (§14.25): events of workflow, node and plugin, a local task, three logs."""
    ctx.send_event("a workflow event").get()
    instance = next(ctx.get_node("alone").instances)
    instance.logger.info("of the instance")
    instance.send_event("a node event").get()
    ctx.logger.info("of the workflow")
    instance.execute_operation("ops.talks").get()
    ctx.local_task(local_one, name="local_one").get()


def local_one() -> str:
    """Says nothing."""
    return "local"


@workflow
def local_speaks(ctx: Any) -> None:
    """A local task that logs through the workflow's context, and through a logger of its own."""

    def speaks_locally() -> None:
        ctx.logger.info("through the workflow's ctx")
        LIBRARY.info("through its own")

    LIBRARY.info("before")
    ctx.local_task(speaks_locally).get()
    LIBRARY.info("after")


@workflow
def quiet(ctx: Any, how: str) -> None:
    """Tasks without events."""
    if how == "local":
        ctx.local_task(local_one, send_task_events=False).get()
    elif how == "config":

        def configured() -> None:
            return None

        configured.workflow_task_config = {"send_task_events": False}  # type: ignore[attr-defined]
        ctx.local_task(configured).get()
    else:
        ctx.execute_task(f"tests.authoring.talking:{how}", send_task_events=False, total_retries=0).get()


@workflow
def sends(ctx: Any) -> list[str]:
    """Events that are no tasks, and tasks between them."""
    internal = ctx.internal
    internal.send_workflow_event("my_event", "the first", args={"a": 1}, additional_context={"more": [1], "odd": {2}})
    run(ctx, speaks).get()
    internal.send_workflow_event("my_event", "the second")
    internal.send_workflow_event("my_event", "the second")
    graph = ctx.graph_mode()
    task = run(ctx, at_last, succeed_at=0)
    graph.add_task(task)
    internal.send_task_event("sending", task)
    internal.send_task_event("succeeded", task, {"result": 3})
    internal.send_task_event("pending", task)
    graph.execute()
    return ["sent"]


@workflow
def grouped(ctx: Any, failing: bool) -> None:
    """A subgraph with one task."""
    graph = ctx.graph_mode()
    inner = graph.subgraph("inner")
    inner.add_task(run(ctx, fails) if failing else run(ctx, at_last, succeed_at=0))
    graph.execute()


@workflow
def raises_late(ctx: Any) -> None:
    """Says something and raises."""
    ctx.logger.info("last words")
    raise ValueError("the function itself")


@workflow
def says(ctx: Any, lines: list[str]) -> None:
    """Says these, and nothing else."""
    for line in lines:
        ctx.logger.info(line)


@workflow
def interleaved(ctx: Any, count: int) -> None:
    """Events and lines in turn, none of which waits for the other."""
    for number in range(count):
        ctx.send_event(f"event {number}")
        ctx.logger.info("line %d", number)


@workflow
def library_says(ctx: Any) -> None:
    """Through a logger of its own."""
    LIBRARY.info("said")


@workflow
def in_handlers(ctx: Any) -> None:
    """A handler logs and sends an event; another task wants no events of its own."""
    graph = ctx.graph_mode()
    loud, still = run(ctx, at_last, succeed_at=0), run(ctx, talks)
    still.send_task_events = False

    def on_success(task: Any) -> Any:
        ctx.internal.send_workflow_event("handled", f"after {task.name}")
        ctx.logger.info("in the handler")
        return HandlerResult.cont()

    loud.on_success = on_success
    graph.sequence().add(loud, still)
    graph.execute()
    run_after = run(ctx, at_last, succeed_at=0)
    graph.add_task(run_after)
    graph.execute()
