"""Waiting for an execution that this process runs, with Ctrl-C and SIGTERM.

The first signal lets it lie down: nothing new starts, what runs is waited for. The second stops at once; what ran is
then unknown. Neither cancels, and both say how to go on. The wait itself is for an event; only a display that shows
progress wakes it in between.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from durable_wf.cli.failures import TIMED_OUT
from durable_wf.cli.output import plural
from durable_wf.clock import SystemClock
from durable_wf.errors import DurableError

if TYPE_CHECKING:
    from types import FrameType

    from durable_wf.cli.output import Out
    from durable_wf.cli.progress import Display
    from durable_wf.engine import Engine

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class _Signalled(NamedTuple):
    number: int


class _Over(NamedTuple):
    state: str | None
    error: BaseException | None


class _Drained(NamedTuple):
    """Nothing of the execution runs any more."""


class Signals:
    """SIGINT and SIGTERM become things that happened, from before the execution starts until it has ended.

    A handler may do no more than note them, whatever it has interrupted. While nobody looks at the notes yet, a second
    signal stops at once.

    happened  what a `Waiting` looks at
    """

    def __init__(self) -> None:
        self.happened: SimpleQueue[_Signalled | _Over | _Drained] = SimpleQueue()
        self.is_watched = False
        self._before: dict[int, Any] = {}

    def _note(self, number: int, frame: FrameType | None) -> None:
        del frame
        if not self.is_watched and not self.happened.empty():
            os._exit(128 + number)
        self.happened.put(_Signalled(number))

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._note) for number in _SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


@dataclass(frozen=True, slots=True)
class Ending:
    """How the wait ended.

    state      of the execution
    exit_code  of the signal or the time-out that made it lie down; None where there was none
    """

    state: str
    exit_code: int | None


class Waiting:
    """One wait for one execution."""

    def __init__(self, engine: Engine, uid: str, display: Display, out: Out, signals: Signals) -> None:
        self._engine = engine
        self._uid = uid
        self._display = display
        self._out = out
        self._clock = SystemClock()
        self._happened = signals.happened
        signals.is_watched = True
        self._stopped: int | None = None
        self._shown = -1

    def wait(self, timeout_s: float | None = None) -> Ending:
        """Until it ends or lies down.

        timeout_s  then it is let lie down
        raises     what made its runner stop
        """
        due_us = None if timeout_s is None else self._clock.now().boot_us + int(timeout_s * 1_000_000)
        threading.Thread(target=self._watch, name="durable-wf-wait", daemon=True).start()
        try:
            over = self._loop(due_us)
            if over.error is None and not self._engine.is_killed(self._uid):
                self._drain()
        finally:
            self._display.close()
        if over.error is not None:
            raise over.error
        return Ending(str(over.state), self._stopped)

    def _watch(self) -> None:
        try:
            self._happened.put(_Over(self._engine.wait(self._uid), None))
            self._engine.drain(self._uid)
            self._happened.put(_Drained())
        except Exception as error:  # noqa: BLE001 - handed on to the thread that waits
            self._happened.put(_Over(None, error))

    def _drain(self) -> None:
        """A forced cancel has ended the execution, not its operations: they would die with this process."""
        count = self._engine.running(self._uid)
        if count:
            self._out.error(f"waiting for {plural(count, 'running operation')}; Ctrl-C stops now")
        while not isinstance(found := self._happened.get(), _Drained):
            if isinstance(found, _Signalled):
                self._stop_now(128 + found.number)

    def _loop(self, due_us: int | None) -> _Over:
        while True:
            try:
                found = self._happened.get(timeout=self._patience(due_us))
            except Empty:
                self._look()
                if due_us is not None and self._stopped is None and self._clock.now().boot_us >= due_us:
                    self._out.error("--timeout: starting nothing new")
                    self._stop(TIMED_OUT)
                self._show_count()
                continue
            if isinstance(found, _Over):
                self._look()
                return found
            if isinstance(found, _Signalled):
                self._signalled(found.number)

    def _look(self) -> None:
        """Show what is new. That a look fails is no reason to end what is looked at; the next one shows it."""
        with contextlib.suppress(DurableError, OSError):
            self._display.look()

    def _patience(self, due_us: int | None) -> float | None:
        patience = self._display.patience_s
        if due_us is None or self._stopped is not None:
            return patience
        left = max(0.0, (due_us - self._clock.now().boot_us) / 1_000_000)
        return left if patience is None else min(patience, left)

    def _signalled(self, number: int) -> None:
        code = 128 + number
        if self._stopped is not None and self._stopped != TIMED_OUT:
            self._stop_now(code)
        name = signal.Signals(number).name
        self._out.error(f"{name}: starting nothing new; once more stops now")
        self._stop(code)
        self._show_count()

    def _stop(self, code: int) -> None:
        self._stopped = code
        self._engine.stop(self._uid)
        self._out.error(f"to go on: durable-wf resume {self._uid}")

    def _show_count(self) -> None:
        if self._stopped is None:
            return
        count = self._engine.running(self._uid)
        if count not in (self._shown, 0):
            self._shown = count
            self._out.error(f"waiting for {plural(count, 'running operation')}")

    def _stop_now(self, code: int) -> None:
        """Leave at once: the kernel frees what we own, and the next claim finds what ran unknown."""
        count = self._engine.running(self._uid)
        self._display.close()
        self._out.error(f"stopped now; {plural(count, 'operation')} ran, and nobody knows how far")
        self._out.error(f"to go on: durable-wf resume {self._uid}")
        os._exit(code)


def leave_now(code: int) -> None:
    """End this process with all that it runs: what was killed may not go on."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(code)


@contextmanager
def stdout_for_data() -> Iterator[None]:
    """While operations run, what they and their children print goes to stderr: stdout is for our data."""
    kept = None
    with contextlib.suppress(OSError, ValueError, AttributeError):
        if sys.stdout.fileno() == 1:
            sys.stdout.flush()
            kept = os.dup(1)
            os.dup2(2, 1)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        if kept is not None:
            os.dup2(kept, 1)
            os.close(kept)
