"""One execution in a host: its core, its workflow thread, and the calls between that thread and the scheduler."""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from durable_wf.errors import DurableError, EngineSignal, RunnerStopping, UsageError
from durable_wf.model.events import Asked, FromFunction, Raised, Returned

if TYPE_CHECKING:
    from collections.abc import Callable

    from durable_wf.graph.decide import Core
    from durable_wf.model.commands import Answer
    from durable_wf.model.states import X
    from durable_wf.scheduler.pool import Work


class GoesLive:
    """The workflow thread gives its core to the scheduler, with the question that ended the replay."""

    __slots__ = ("event", "hosted")

    def __init__(self, hosted: Hosted, event: FromFunction | None) -> None:
        self.hosted = hosted
        self.event = event


class Hosted:
    """An execution that this process owns.

    state        how it ended or lay down; None while it runs
    asks         tasks whose unknown outcome a person must settle
    failure      what stopped its runner, if anything but the workflow itself did
    limit        how many operations it may have in flight, or None
    cautious     after an unclean stop the first window is the number of workers, so that what kills the process
                 can be named; counts down with each outcome
    """

    def __init__(self, core: Core, post: Callable[[Any], None], *, limit: int | None = None, cautious: int = 0) -> None:
        self.core = core
        self.id = core.run.row.id
        self.deployment = core.run.row.deployment
        self.limit = limit
        self.cautious = cautious
        self.live = False
        self.works: dict[int, Work] = {}
        self.state: X | None = None
        self.asks: tuple[int, ...] = ()
        self.failure: BaseException | None = None
        self.started_seq: int | None = None
        self.done = threading.Event()
        self._post = post
        self._answers: SimpleQueue[Answer | BaseException] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._signal: BaseException | None = None

    # ------------------------------------------------------------------ the workflow's thread

    def run(self, function: Callable[[Hosted], str | None], on_error: Callable[[Exception], Raised]) -> None:
        """Start the workflow thread.

        function  calls the workflow function and gives its result as JSON
        on_error  makes of what it raised what the journal stores
        """

        def target() -> None:
            try:
                result = function(self)
            except EngineSignal as signal:
                self._signal = self._signal or signal
                return
            except Exception as error:  # noqa: BLE001 - whatever a workflow raises is its outcome
                self._finish(on_error(error))
                return
            self._finish(Returned(result))

        self._thread = threading.Thread(target=target, name=f"durable-wf-workflow-{self.id}", daemon=True)
        self._thread.start()

    def _finish(self, event: Returned | Raised) -> None:
        if self._signal is not None:
            return
        if self.live:
            self._post((self, event))
        else:
            self.live = True
            self._post(GoesLive(self, event))

    def ask(self, event: Asked) -> None:
        """Standard mode: ask for a task, without waiting.

        raises  UsageError from another thread than the workflow's; an EngineSignal when the runner stops
        """
        self._check()
        if self.live:
            self._post((self, event))
        else:
            self.core.answer(event)

    def call(self, event: FromFunction) -> Answer:
        """Ask and wait for the answer: from the journal during the replay, from the scheduler afterwards.

        raises  as `ask`
        """
        self._check()
        if not self.live:
            answer = self.core.answer(event)
            if answer is not None:
                return answer
            self.live = True
            self._post(GoesLive(self, event))
        else:
            self._post((self, event))
        given = self._answers.get()
        if isinstance(given, BaseException):
            raise given
        return given

    def _check(self) -> None:
        if threading.current_thread() is not self._thread:
            text = "only the workflow function's own thread may ask for tasks"
            raise UsageError(text, hint="from a local_task or another thread, log and read only")
        if self._signal is not None:
            raise self._signal

    def on_own_thread(self) -> bool:
        """Whether the caller is the workflow function."""
        return threading.current_thread() is self._thread

    # ------------------------------------------------------------------ the scheduler's thread

    def answer(self, answer: Answer) -> None:
        """Let the function go on."""
        self._answers.put(answer)

    def unwind(self, signal: BaseException) -> None:
        """Make the function's present or next call raise `signal`."""
        self._signal = signal
        self._answers.put(signal)

    def finish(self, state: X, asks: tuple[int, ...] = (), failure: BaseException | None = None) -> None:
        """It has ended or lies down; whoever waits for it is told."""
        self.state, self.asks = state, asks
        self.failure = failure
        if self._thread is not None and self._thread.is_alive():
            self.unwind(failure if isinstance(failure, EngineSignal) else RunnerStopping())
        self.done.set()

    def broke(self, failure: BaseException) -> None:
        """Its runner cannot go on; what the journal says of it stands."""
        self.failure = failure
        self.unwind(failure if isinstance(failure, EngineSignal) else RunnerStopping(str(failure)))
        self.done.set()

    def error(self) -> DurableError | None:
        """What stopped the runner, as something to raise."""
        return self.failure if isinstance(self.failure, DurableError) else None
