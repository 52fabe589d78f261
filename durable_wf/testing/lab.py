"""Engines of one test that share a journal: one lives, those before it have died.

What a death in the same process cannot be: a thread cannot be killed, so an operation that runs at that moment is let
to its end; its outcome is lost, as that of a real process would be which died a moment later.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from durable_wf.authoring.functions import forget
from durable_wf.engine import Engine, ResumeOptions
from durable_wf.errors import RunnerStopping, UsageError
from durable_wf.testing.clock import TIMEOUT_S, ManualClock
from durable_wf.testing.crash import Crash, CrashingJournal, Point
from durable_wf.testing.stores import FileStore, MemoryStore, Performed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from durable_wf.clock import Clock
    from durable_wf.model.protocol import OperationOutcome
    from durable_wf.scheduler.pool import Work

Store = MemoryStore | FileStore


class LabEngine(Engine):
    """An engine that can die, and that notes what it has run.

    lab    the engines of the same test
    store  where its journal is
    """

    def __init__(self, lab: Lab, *, clock: Clock | None = None, **options: Any) -> None:
        self.lab = lab
        self.store = lab.store
        self.crashing = CrashingJournal(lab.store.open())
        super().__init__(self.crashing, clock=clock, **options)

    @property
    def died(self) -> bool:
        """Whether it has."""
        return self.crashing.crashed

    @property
    def performed(self) -> list[Performed]:
        """What was run on its journal, by engines before it too."""
        return self.store.performed

    def finish(self, execution: str, timeout: float = TIMEOUT_S) -> str:
        """Wait until it ends or lies down; on a virtual clock, jumping to each next timer. Its state.

        timeout  real seconds
        raises   as `Engine.wait`
        """
        if isinstance(self.clock, ManualClock):
            return self.clock.finish(self, execution, timeout)
        return self.wait(execution, timeout)

    def _perform(self, work: Work) -> OperationOutcome:
        self.store.performed.append(Performed(self._runs[work.hosted.id].row.uid, work.no, work.attempt))
        return super()._perform(work)

    def close(self) -> None:
        """Let every execution lie down, and close the journal; of a dead one, bury what is left."""
        if self.died:
            bury(self)
        else:
            super().close()


def settle(engine: Any, kill: Any) -> None:
    """After a death: its scheduler's thread has ended, nothing more begins, and its locks are free.

    kill  takes from the journal what the kernel would take from a dead process
    """
    host = engine.host
    host._thread.join(TIMEOUT_S)
    for hosted in list(host._hosted.values()):
        host.pool.take_back(hosted)
    kill(engine.journal.inner)


def bury(engine: Any) -> None:
    """End the threads that a dead engine has left behind in this process, and close its journal.

    raises  TimeoutError where an operation does not end
    """
    host = engine.host
    hosted = list(engine._hosted.values())
    for one in hosted:
        one.unwind(RunnerStopping())
    host.pool.close()
    for thread in host.pool._threads:
        thread.join(TIMEOUT_S)
    left = [thread.name for thread in host.pool._threads if thread.is_alive()]
    left += [f"the function of execution {one.id}" for one in hosted if not one.join(TIMEOUT_S)]
    engine.journal.inner.close()
    if left:
        raise TimeoutError(f"after the death of its engine, {', '.join(left)} did not end within {TIMEOUT_S:g} s")


class Lab:
    """The engines of one test: makes them, and closes all that it has made."""

    def __init__(self, store: Store, clock: Clock | None = None, **options: Any) -> None:
        self.store = store
        self._clock = clock
        self._options = options
        self._engines: list[LabEngine] = []

    @property
    def newest(self) -> LabEngine:
        """The engine that was made last; the first one is made here."""
        return self._engines[-1] if self._engines else self.new()

    def new(self) -> LabEngine:
        """Another engine on the same journal, as another process."""
        forget()  # a test may have put another function in the place of one
        engine = LabEngine(self, clock=self._clock, **self._options)
        self._engines.append(engine)
        return engine

    def close(self) -> None:
        """End them, the dead ones too."""
        for engine in self._engines:
            engine.close()


class Death:
    """A death that was ordered for the newest engine of a lab.

        with crash_at("after:task.sent", 2):
            engine.finish(engine.start(flow))
        crash.resume(uid)

    As a context it waits for the death, and swallows what the calls to a dying engine raise.
    """

    def __init__(self, lab: Lab, point: Point, n: int) -> None:
        if type(n) is not int or n < 1:
            raise UsageError(f"{point} cannot be passed for the {n!r}th time", hint="n counts from 1")
        self._lab = lab
        self._point = point
        self._n = n
        self._before = lab.newest
        self._after: LabEngine | None = None
        self._before.crashing.arm(point, n)

    @property
    def died(self) -> bool:
        """Whether the engine has died by now."""
        return self._before.died

    def wait(self, timeout: float = TIMEOUT_S) -> None:
        """Wait until it is dead and all its threads have ended.

        raises  AssertionError, which says what points were passed, when it has nothing more to do and still lives
        """
        thread = self._before.host._thread
        if thread is None:
            raise UsageError("the engine was never started")
        left = round(timeout / 0.01)
        while thread.is_alive():
            thread.join(0.01)
            left -= 1
            idle = all(hosted.done.is_set() for hosted in self._before._hosted.values())
            if not self.died and (idle or left <= 0):
                raise AssertionError(self._not_reached())
        settle(self._before, self._lab.store.kill)
        bury(self._before)

    def restart(self) -> LabEngine:
        """The engine after the death: a fresh one on the same journal, made once. Waits for the death first."""
        if self._after is None:
            self.wait()
            self._after = self._lab.new()
        return self._after

    def resume(self, execution: str | None = None, **options: Any) -> str:
        """Resume it with the engine after the death, and let it go on to where it ends or lies down. Its state.

        execution  its id; None for the only one there is
        options    as `ResumeOptions` has them
        raises     UsageError where None is not enough
        """
        engine = self.restart()
        if execution is None:
            found = [one.id for one in engine.executions()]
            if len(found) != 1:
                raise UsageError(f"there are {len(found)} executions to resume", hint="say which: resume(uid)")
            execution = found[0]
        engine.resume(execution, ResumeOptions(**options))
        return engine.finish(execution)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is not None and not (self.died and isinstance(error, (Crash, UsageError))):
            self._before.crashing.disarm()
            return False
        self.wait()
        return True

    def _not_reached(self) -> str:
        counts = sorted(self._before.crashing.passed.items())
        told = ", ".join(f"{name} ×{count}" for name, count in counts) or "nothing"
        text = f"the engine still lives: {self._point} was not passed {self._n} time(s). It has passed: {told}."
        if self._point.name in ("task.started", "attempt.started"):
            text += " An operation that begins and ends within one turn goes from sent to its end at once."
        return text


@contextmanager
def quiet_crashes() -> Iterator[None]:
    """A scheduler's thread that ends with `Crash` is what the test wants, not an error that pytest has to see."""
    usual = threading.excepthook

    def hook(args: Any, /) -> None:
        if not issubclass(args.exc_type, Crash):
            usual(args)

    threading.excepthook = hook
    try:
        yield
    finally:
        if threading.excepthook is hook:
            threading.excepthook = usual
