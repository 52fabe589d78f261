"""Events and logs to whoever wants them in this process: `Engine(on_event=…)`, and the two names of `cloudify.logs`.

Source: workflow-api §12.3: tests replace `cloudify.logs.stdout_event_out` and `stdout_log_out`, which are looked up
when something is to be delivered. What was committed is handed to one thread, which makes messages of it and calls the
hooks, in order; `Engine.wait` returns after that. Where nobody wants anything, there is no thread and nothing is kept.
"""

from __future__ import annotations

import logging
import sys
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from durable_wf.authoring import printing
from durable_wf.authoring.speech import Speech
from durable_wf.inspection.commits import Commit
from durable_wf.inspection.events import LOG, Teller

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    from durable_wf.inspection.view import Store
    from durable_wf.model import rows
    from durable_wf.scheduler.hosted import Hosted

    Hook: TypeAlias = Callable[..., object]

WARNING = "workflow_warning"
_MODULE = "cloudify.logs"
_logger = logging.getLogger("durable_wf")


class Delivery:
    """Of one engine.

    on_event  gets every event and log as a mapping, in the shapes of workflow-api §12.2
    """

    def __init__(self, store: Store, wall_us: Callable[[], int], on_event: Hook | None) -> None:
        self._store = store
        self._wall_us = wall_us
        self._on_event = on_event
        self._queue: SimpleQueue[Any] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._tellers: dict[int, Teller] = {}
        self._warned: set[tuple[int, object]] = set()

    # ------------------------------------------------------------------ the scheduler's thread

    def committed(self, hosted: Hosted, changes: rows.Changes) -> None:
        """Something was committed for an execution."""
        if self._on_event is None and not any(_replaced()):
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name="durable-wf-events", daemon=True)
            self._thread.start()
        self._queue.put((hosted, changes))

    # ------------------------------------------------------------------ any thread

    def flush(self) -> None:
        """Wait until all that was committed is delivered. Not from a hook."""
        if self._thread is not None and threading.current_thread() is not self._thread:
            done = threading.Event()
            self._queue.put(done)
            done.wait()

    def close(self) -> None:
        """Deliver what is left, and end."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    # ------------------------------------------------------------------ its own thread

    def _serve(self) -> None:
        while (item := self._queue.get()) is not None:
            if isinstance(item, threading.Event):
                item.set()
                continue
            hosted, changes = item
            try:
                self._deliver(hosted, changes)
            except Exception:
                _logger.exception("events of execution %s were not delivered", hosted.core.run.row.uid)

    def _deliver(self, hosted: Hosted, changes: rows.Changes) -> None:
        teller = self._tellers.get(hosted.id)
        if teller is None:
            row = hosted.core.run.row
            teller = self._tellers[hosted.id] = Teller(self._store, row, midway=row.fence > 1)
        teller.contexts.learn(changes.tasks, changes.payloads)
        for message in teller.tell(Commit(changes.transitions, changes.events)):
            for hook in self._hooks(message):
                self._call(hosted, hook, message)
        if hosted.done.is_set():
            self._tellers.pop(hosted.id, None)

    def _hooks(self, message: dict[str, Any]) -> Iterator[Hook]:
        if self._on_event is not None:
            yield self._on_event
        event_out, log_out = _replaced()
        hook = log_out if message["type"] == LOG else event_out
        if hook is not None:
            yield hook

    def _call(self, hosted: Hosted, hook: Hook, message: dict[str, Any]) -> None:
        try:
            hook(message)
        except Exception as error:
            if (hosted.id, hook) in self._warned:
                return
            self._warned.add((hosted.id, hook))  # said once: the warning is an event, too
            text = f"a hook for events failed: {type(error).__name__}: {error}"
            if hosted.done.is_set():
                _logger.exception("execution %s: %s", hosted.core.run.row.uid, text)
            else:
                Speech(hosted.log, self._wall_us).event(WARNING, text)


def _replaced() -> tuple[Hook | None, Hook | None]:
    """What somebody has put in the place of the two functions; None where they are ours."""
    module = sys.modules.get(_MODULE)
    if module is None:
        return None, None
    event_out, log_out = getattr(module, "stdout_event_out", None), getattr(module, "stdout_log_out", None)
    return (
        None if event_out is printing.stdout_event_out else event_out,
        None if log_out is printing.stdout_log_out else log_out,
    )
