"""Workflows that are cancelled, and requests from outside, put in where a test wants them."""

from __future__ import annotations

import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from durable_wf import workflow
from durable_wf.errors import UsageError
from durable_wf.graph import cancel
from durable_wf.model.events import Level
from durable_wf.model.rows import Changes, Request
from durable_wf.workflows import HandlerResult, api
from tests.replay.work import WORLD, op

if TYPE_CHECKING:
    from collections.abc import Iterator

BY = "anna@elsewhere"


def request(store: Any, level: str = "cancel", reason: str | None = "a test", key: str = "key") -> None:
    """Put a request to cancel the first execution into its inbox, as another process does. Once for each key."""
    journal = store.open()
    try:
        with journal.turn() as turn:
            payload = cancel.payload(Level(level), reason)
            turn.apply(Changes(requests=[Request(0, 1, cancel.KIND, key, payload, BY, 0, None)]))
    finally:
        journal.close()


def wait_until_taken(life: Any, key: str = "key") -> None:
    """Until its runner has taken the request, or is dead."""
    pause = threading.Event()
    while not life.died:
        if any(row.key == key and row.taken_seq for row in life.journal.stored("inbox", 1)):
            with suppress(UsageError):  # it died just now
                life.engine.host.ask(lambda: None)  # after what that turn performs
            return
        for hosted in list(life.engine._hosted.values()):
            life.engine.host.post(("look", hosted))
        pause.wait(0.001)


@contextmanager
def request_in(of: Any, name: str, *, key: str = "key", **how: Any) -> Iterator[None]:
    """While the operation `name` runs, a request comes and is taken.

    of  the process that runs it, or a play
    """

    def asks() -> None:
        life = getattr(of, "life", of)
        request(life.store, key=key, **how)
        wait_until_taken(life, key)

    WORLD.hooks[name] = asks
    try:
        yield
    finally:
        WORLD.hooks.pop(name, None)


@workflow
def standard(ctx, names):
    """One after the other, with a clean-up where it is cancelled."""
    found = []
    try:
        found.extend(op(ctx, name).get() for name in names)
    except api.ExecutionCancelled:
        for name in found:
            op(ctx, f"undo {name.split()[0]}").get()
        raise
    return found


@workflow
def graph(ctx, names, clean_up=True):
    """A line beside a single one; a clean-up graph where it is cancelled."""
    line = ctx.graph_mode()
    line.sequence().add(*(op(ctx, name) for name in names))
    line.add_task(op(ctx, "beside"))
    try:
        line.execute()
    except api.ExecutionCancelled:
        if clean_up:
            line.sequence().add(op(ctx, "undo one"), op(ctx, "undo two"))
            line.execute()
        raise
    return "done"


@workflow
def stuck_clean_up(ctx, names):
    """A line; where it is cancelled, a clean-up that waits for what does not start any more."""
    line = ctx.graph_mode()
    tasks = [op(ctx, name) for name in names]
    line.sequence().add(*tasks)
    try:
        line.execute()
    except api.ExecutionCancelled:
        late, last = op(ctx, "late"), op(ctx, "last")
        line.add_task(late)
        line.add_task(last)
        line.add_dependency(last, late)
        line.add_dependency(last, tasks[-1])
        line.execute()
    return "done"


@workflow
def handled(ctx):
    """A task whose handler adds another, and what waits for it."""
    line = ctx.graph_mode()
    first = op(ctx, "a")

    def add(task):
        WORLD.seen.append("asked")
        line.add_task(op(ctx, "added"))
        return HandlerResult.cont()

    first.on_success = add
    line.sequence().add(first, op(ctx, "b"))
    line.execute()
    return "done"


@workflow
def polling(ctx, most):
    """Scenario 13: Python work, until somebody asks to cancel or it is done."""
    op(ctx, "before").get()
    polls = 0
    while polls < most and not api.has_cancel_request():
        polls += 1
        if polls % 3 == 0:
            op(ctx, f"piece {polls}").get()
        if polls == 7:
            WORLD.hooks["work"]()
    if api.has_cancel_request():
        op(ctx, f"undo after {polls}").get()
        raise api.ExecutionCancelled
    return polls


POLLED = threading.Event()


@workflow
def spins(ctx):
    """Asks as long as nobody cancels; nothing else."""
    op(ctx, "before").get()
    while not api.has_cancel_request():
        POLLED.set()
    raise api.ExecutionCancelled


@workflow
def swallows(ctx, names, ends="returns"):
    """Goes on as if it had not been told, with what it asks for then."""
    early = [op(ctx, name) for name in names]
    found = []
    for result in early:
        try:
            found.append(result.get())
        except api.ExecutionCancelled:
            found.append("cancelled")
    late = op(ctx, "late")
    if ends == "raises":
        late.get()
        raise ValueError("in its clean-up")
    return found


@workflow
def deprecated(ctx):
    """The older way to say it."""
    op(ctx, "a").get()
    return "execution_cancelled"


@workflow
def gives_up(ctx, text):
    """Cancels itself by what it raises."""
    op(ctx, "a").get()
    raise api.ExecutionCancelled(text)


@workflow
def asks_itself(ctx):
    """Cancels itself by a request."""
    op(ctx, "a").get()
    api.cancel_callbacks.add(lambda: WORLD.seen.append("called"))
    api.set_cancel_request()
    assert api.has_cancel_request()
    assert api.cancel_request
    op(ctx, "undo").get()
    raise api.ExecutionCancelled


@workflow
def line_without_handler(ctx, names):
    """One after the other, and nothing for a cancel."""
    return [op(ctx, name).get() for name in names]


@workflow
def unfetched(ctx, names):
    """Returns while they run."""
    for name in names:
        op(ctx, name)
    return "returned"


@workflow
def starts_late(ctx, names):
    """Asks for something after the request has come and before it is told: its `get()` must not hang."""
    first = op(ctx, names[0])
    WORLD.hooks["in the function"]()
    results = [op(ctx, name) for name in names[1:]]
    told = 0
    for result in results:
        try:
            result.get()
        except api.ExecutionCancelled:
            told += 1
    WORLD.seen.append(told)
    first.get()
    raise api.ExecutionCancelled
