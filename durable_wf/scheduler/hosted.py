"""One execution in a host: its core, its workflow thread, and the calls between that thread and the scheduler."""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

from durable_wf.errors import DurableError, EngineBug, EngineSignal, RunnerStopping, UsageError
from durable_wf.graph import looks
from durable_wf.graph.match import describe_spec
from durable_wf.model.commands import Answer, Consult
from durable_wf.model.events import (
    Abandoned,
    Asked,
    Cancels,
    Decides,
    Executes,
    FromFunction,
    Polls,
    Raised,
    Returned,
    Said,
)
from durable_wf.scheduler.groups import ProcessGroups
from durable_wf.scheduler.updating import Call, Calls, EndCall, UpdateCall
from durable_wf.scheduler.voices import Batch, Voice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from durable_wf.graph.decide import Core
    from durable_wf.model.events import Begins, Gets, Level, Spec
    from durable_wf.model.protocol import InstanceData, Logged, OperationOutcome, PropertyUpdate, Updated
    from durable_wf.model.states import X
    from durable_wf.scheduler.modifying import Planner
    from durable_wf.scheduler.pool import Work


A = TypeVar("A")


class GoesLive:
    """The workflow thread gives its core to the scheduler, with the question that ended the replay.

    said  what the function said in the replay, and had not before
    """

    __slots__ = ("event", "hosted", "said")

    def __init__(self, hosted: Hosted, event: FromFunction | None, said: Said) -> None:
        self.hosted = hosted
        self.event = event
        self.said = said


def goes_live(facts: list[Any] | None) -> bool:
    """Whether one of these facts gives the core to the scheduler."""
    return facts is not None and any(isinstance(fact, GoesLive) for fact in facts)


def replayed(all_hosted: Iterable[Hosted], facts: Mapping[int, list[Any]]) -> list[Hosted]:
    """Those whose core the workflow's thread has, and keeps in this turn."""
    return [hosted for hosted in all_hosted if not (hosted.taken or goes_live(facts.get(hosted.id)))]


class Hosted:
    """An execution that this process owns.

    state        how it ended or lay down; None while it runs
    asks         tasks whose unknown outcome a person must settle
    failure      what stopped its runner, if anything but the workflow itself did
    limit        how many operations it may have in flight, or None
    cautious     after an unclean stop the first window is the number of workers, so that what kills the process
                 can be named; counts down with each outcome
    live         the function's thread has given the core away; what it logs from here on is new
    taken        the scheduler has the core: it has met the end of the history
    singles      how many works are under way that must not be repeated without asking
    is_cancelling  a cancel request stands, or the function is about to ask for one; a poll looks at nothing else
    is_killed    it was ended by a kill request: whoever waits for its operations may end them
    stays        a forced request ended its resume in the replay: it is as it had ended before
    groups       the process groups that its operations run in
    planner      what planning a modification of its deployment needs; None without a deployment
    hear         gives the scheduler what was said
    voices       who has said something
    unwritten    what was said, and goes into the next turn
    flushes      a timer runs that makes that turn
    """

    def __init__(
        self,
        core: Core,
        post: Callable[[Any], None],
        ask: Callable[[Callable[[], Any]], Any] | None = None,
        *,
        limit: int | None = None,
        cautious: int = 0,
        planner: Planner | None = None,
    ) -> None:
        self.core = core
        self.id = core.run.row.id
        self.deployment = core.run.row.deployment
        self.limit = limit
        self.cautious = cautious
        self.planner = planner
        self.live = False
        self.taken = False
        self.is_cancelling = False
        self.is_killed = False
        self.stays = False
        self.groups = ProcessGroups()
        self.works: dict[int, Work] = {}
        self.singles = 0
        self.hear: Callable[[Batch], None] = post
        self.voices: set[Voice] = set()
        self.unwritten: list[Batch] = []
        self.flushes = False
        self.state: X | None = None
        self.asks: tuple[int, ...] = ()
        self.failure: BaseException | None = None
        self.done = threading.Event()
        self.released = threading.Event()  # nothing of it runs in this process any more; another runner may claim it
        self._post = post
        self._ask_host = ask or (lambda question: question())
        self._answers: SimpleQueue[Answer | Consult | BaseException] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._signal: BaseException | None = None
        self._voice = Voice(self, None, None)
        self._late: list[Logged] = []
        self._seen_seq = 0  # of the newest thing that the function was shown
        self._calls = Calls()
        self._consulted: Spec | None = None  # the task whose handler runs now
        self._polls = 0
        self._is_told = False
        self.cancel_callbacks: dict[Callable[[], Any], None] = {}

    # ------------------------------------------------------------------ the workflow's thread

    def run(self, function: Callable[[Hosted], str | None], on_error: Callable[[BaseException], Raised]) -> None:
        """Start the workflow thread.

        function  calls the workflow function and gives its result as JSON
        on_error  makes of what it raised what the journal stores
        """

        def target() -> None:
            try:
                result = function(self)
            except BaseException as error:  # noqa: BLE001 - whatever a workflow raises is its outcome, SystemExit too
                if self._signal is None:
                    self._finish(on_error(error))
                return
            self._finish(Returned(result))

        self._thread = threading.Thread(target=target, name=f"durable-wf-workflow-{self.id}", daemon=True)
        self._thread.start()

    def _finish(self, event: Returned | Raised) -> None:
        if self._signal is not None:
            return
        if self.live:
            self._tell(event)
        else:
            self._go_live(event)

    def _go_live(self, event: FromFunction) -> None:
        self.live = True
        self._post(GoesLive(self, event, Said(None, None, self._late)))

    def _tell(self, event: FromFunction) -> None:
        self._voice.pause()
        self._post((self, event))

    def log(self, line: Logged) -> None:
        """Write a line that the function logged; from a replay, when that is over. Waits while too many are not."""
        if self.live:
            self._voice.say(line)
        else:
            self._late.append(line)

    def ask(self, event: Asked) -> None:
        """Standard mode: ask for a task, without waiting.

        raises  UsageError from another thread than the workflow's; an EngineSignal when the runner stops
        """
        self._check()
        if self.live:
            self._tell(event)
        else:
            self.core.answer(event)

    def call(self, event: Begins | Gets) -> Answer:
        """Ask and wait for the answer: from the journal during the replay, from the scheduler afterwards.

        raises  as `ask`
        """
        answer = self._call(event)
        if isinstance(answer, Consult):
            text = f"a handler was asked for while the function waited for {event}"
            raise EngineBug(text)
        return answer

    def execute(self, event: Executes | Decides) -> Answer | Consult:
        """Run a graph until it has ended or a handler must be asked (see `authoring.services.Bridge`).

        raises  as `ask`
        """
        if isinstance(event, Decides):
            self._consulted = None
        answer = self._call(event)
        if isinstance(answer, Consult):
            self._consulted = answer.spec
        return answer

    def _call(self, event: FromFunction) -> Answer | Consult:
        if not isinstance(event, Polls):  # a handler may
            self._check()
        if not self.live:
            answer = self.core.answer(event)
            if answer is not None:
                return self._shown(answer)
            self._go_live(event)
        else:
            self._tell(event)
        given = self._answers.get()
        if isinstance(given, BaseException):
            raise given
        return self._shown(given)

    def _shown(self, answer: Answer | Consult) -> Answer | Consult:
        self._seen_seq = max(self._seen_seq, answer.seq)
        if isinstance(answer, Answer) and answer.cancelled and not self._is_told:
            self._is_told = True
            for callback in list(self.cancel_callbacks):
                callback()
        return answer

    def look(self, specs: Sequence[Spec], *, shown: bool = False) -> list[looks.Seen]:
        """How tasks stand, as of what the function was shown last. From any thread; changes nothing.

        shown  the function sees a failure by this
        """
        seq = self._seen_seq
        if self.live:
            found: list[looks.Seen] = self._ask_host(lambda: looks.look(self.core.run, specs, seq, shown=shown))
            return found
        return looks.look(self.core.run, specs, seq, shown=shown)

    def has_cancel_request(self) -> bool:
        """Whether the function has been told of a cancel request; takes one that waits (see `graph.cancel`).

        From another thread: whether there is one, and nothing is taken.

        raises  an EngineSignal when the runner stops
        """
        if not self.on_own_thread():
            return self.is_cancelling
        if self._signal is not None:
            raise self._signal
        self._polls += 1
        if self._is_told or (self.live and not self.is_cancelling):
            return self._is_told
        self._call(Polls(self._polls))
        return self._is_told

    def request_cancel(self, level: Level) -> None:
        """The function asks that its own execution be cancelled. Asked for again by its replay, it changes nothing.

        raises  as `ask`
        """
        self._check()
        if self.live:
            self.is_cancelling = True
            self._post((self, Cancels(level)))
        else:
            self.core.answer(Cancels(level))

    @property
    def resumed(self) -> bool:
        """Whether what the function is doing was first done after its execution had been resumed."""
        seq = self.core.resumed_seq
        return seq is not None and self._seen_seq >= seq

    def _check(self) -> None:
        if threading.current_thread() is not self._thread:
            text = "only the workflow function's own thread may ask for tasks"
            raise UsageError(text, hint="from a local_task or another thread, log and read only")
        if self._consulted is not None:
            text = f"a handler of {describe_spec(self._consulted)} may not wait, nor start a task by itself"
            raise UsageError(text, hint="add tasks to the graph and return a HandlerResult")
        if self._signal is not None:
            raise self._signal

    def join(self, timeout: float) -> bool:
        """Wait until the workflow's thread has ended, at most `timeout` seconds; whether it has."""
        if self._thread is not None:
            self._thread.join(timeout)
        return self._thread is None or not self._thread.is_alive()

    def on_own_thread(self) -> bool:
        """Whether the caller is the workflow function."""
        return threading.current_thread() is self._thread

    # ------------------------------------------------------------------ workers' threads

    def update(self, no: int, attempt: int, wanted: PropertyUpdate) -> Updated:
        """Commit runtime properties of an operation that still runs, and wait for that.

        raises  RunnerStopping where the runner has stopped, or the attempt was settled without its outcome
        """
        return self._call_host(UpdateCall(no, attempt, wanted))

    def end(
        self, no: int, attempt: int, outcome: OperationOutcome, guarded: Mapping[str, int | None]
    ) -> list[InstanceData]:
        """Commit an outcome, unless the handlers of these instances have to be asked first (see `EndCall`).

        raises  as `update`
        """
        return self._call_host(EndCall(no, attempt, outcome, guarded))

    def _call_host(self, call: Call[A]) -> A:
        self._calls.begin(call)
        self._post((self, call))
        try:
            return call.wait()
        finally:
            self._calls.end(call)

    # ------------------------------------------------------------------ the scheduler's thread

    def gets(self, work: Work) -> None:
        """The work is on its way to a worker."""
        self.works[work.no] = work
        self.singles += not work.repeatable

    def no_longer(self, work: Work) -> None:
        """The work has ended, or was taken back. Its outcome may have led to another one of the same task already."""
        if self.works.get(work.no) is work:
            del self.works[work.no]
        if work.voice is not None:
            self.voices.discard(work.voice)
        self.singles -= not work.repeatable

    def answer(self, answer: Answer | Consult) -> None:
        """Let the function go on, or ask a handler of it."""
        self._answers.put(answer)

    def let_go(self, *, kill: bool) -> Abandoned:
        """A forced cancel is written: nobody waits any more; with `kill` nothing of it goes on that can be ended."""
        self.is_killed = self.is_killed or kill
        if kill:
            self.groups.kill()
        return Abandoned()

    def unwind(self, signal: BaseException) -> None:
        """Make the function's present or next call raise `signal`."""
        self._signal = signal
        self._answers.put(signal)

    def finish(
        self, state: X, asks: tuple[int, ...] = (), failure: BaseException | None = None, *, stays: bool = False
    ) -> None:
        """It has ended or lies down; whoever waits for it is told. Its thread may not have begun yet."""
        self.state, self.asks = state, asks
        self.failure, self.stays = failure, stays
        if self._thread is None or self._thread.is_alive():
            self.unwind(failure if isinstance(failure, EngineSignal) else RunnerStopping())
        self._calls.refuse_all()
        self.done.set()

    def broke(self, failure: BaseException) -> None:
        """Its runner cannot go on; what the journal says of it stands."""
        self.failure = failure
        self.unwind(failure if isinstance(failure, EngineSignal) else RunnerStopping(str(failure)))
        self._calls.refuse_all()
        self.done.set()

    def abandon(self, failure: BaseException) -> None:
        """The scheduler's thread is gone: nobody answers any more, and whoever waits must not wait for ever."""
        self.failure = failure
        self.silence()
        self._calls.refuse_all()
        self.done.set()

    def silence(self) -> None:
        """Nobody writes for it any more: who waits to be heard goes on."""
        self.unwritten.clear()
        for voice in (self._voice, *self.voices):
            voice.mute()
        self.voices.clear()

    def error(self) -> DurableError | None:
        """What stopped the runner, as something to raise."""
        return self.failure if isinstance(self.failure, DurableError) else None
