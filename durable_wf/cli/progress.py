"""How a run goes, while it goes: live on a terminal, plain lines elsewhere, nothing when quiet.

What is shown is read from the journal, as any other process would see it, and goes to stderr. A look costs what is
new since the last one, and looks take at most a tenth of the time.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from durable_wf.cli.output import clean, is_terminal, short, took
from durable_wf.clock import SystemClock, iso
from durable_wf.inspection.story import Story
from durable_wf.inspection.tasks import WORK, to_error
from durable_wf.model.rows import Kind, Subject
from durable_wf.model.states import T, X

if TYPE_CHECKING:
    from rich.console import Console, Group
    from rich.live import Live

    from durable_wf.cli.calls import Call
    from durable_wf.cli.output import Out
    from durable_wf.inspection.story import Entry
    from durable_wf.inspection.view import View
    from durable_wf.model import rows

LOOK_S = 0.25
_SHARE = 10  # a look that took 40 ms is followed by at least 400 ms without one
_MOST_RUNNING = 8
_RUNNING = frozenset({T.SENT, T.STARTED})
_STEPS = frozenset({T.SUCCEEDED, T.FAILED, T.RESCHEDULED, T.UNKNOWN, T.SUPERSEDED})
_WIDEST = max(len(state) for state in T)
_STRUCTURE = frozenset({int(Kind.SUBGRAPH), int(Kind.HUB), int(Kind.NOP)})


class Display(Protocol):
    """Shows a run.

    patience_s  until the next look; None: none is needed
    """

    @property
    def patience_s(self) -> float | None: ...

    def look(self) -> None:
        """Show what is new."""
        ...

    def close(self) -> None:
        """Leave the terminal as it was."""
        ...


class Silence:
    """Shows nothing."""

    patience_s = None

    def look(self) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


class Mark(NamedTuple):
    """How far an execution's journal had come before this process took it: the newest transition and event."""

    seq: int = 0
    event: int = 0


def mark(view: View, row: rows.Execution) -> Mark:
    """Where the execution's journal ends now."""
    events = view.store.events(row.id)
    return Mark(view.store.last_seq(), events[-1].id if events else 0)


class Lines:
    """One line for each step of a task that a worker runs, and for each event and log.

    before  what the journal had then is not shown again
    """

    def __init__(self, view: View, row: rows.Execution, out: Out, before: Mark) -> None:
        self.story = Story(view, row)
        self._before = before
        self.patience_s = LOOK_S
        self._out = out
        self._clock = SystemClock()
        self._began: dict[int, int] = {}

    def look(self) -> None:
        begin = self._clock.now().boot_us
        new = self.story.more()
        self.began(new)
        for entry in new:
            line = self.line(entry) if self._is_new(entry) else None
            if line is not None:
                self.say(line)
        cost_s = (self._clock.now().boot_us - begin) / 1_000_000
        self.patience_s = max(LOOK_S, _SHARE * cost_s)

    def say(self, line: str) -> None:
        """Show a line."""
        self._out.note(line)

    def close(self) -> None:
        """Nothing."""

    def began(self, entries: list[Entry]) -> None:
        """Remember when tasks began."""
        for entry in entries:
            if entry.task is not None and entry.target in _RUNNING:
                self._began[entry.task] = entry.at_us

    def running(self) -> list[tuple[int, int]]:
        """Tasks with workers: number and since when, the ones that are known to have begun first."""
        states = self.story.states
        found = [no for no, state in states.items() if state in _RUNNING and self._is_work(no)]
        found.sort(key=lambda no: (states[no] is not T.STARTED, self._began.get(no, 0)))
        return [(no, self._began.get(no, 0)) for no in found]

    def line(self, entry: Entry) -> str | None:
        """What to say of an entry; None for most."""
        at = iso(entry.at_us)[11:23]
        if entry.subject is None:
            about = "" if entry.task is None else f"{clean(entry.what)}: "
            kind = "event" if entry.level == "info" and not entry.event.endswith("_log") else entry.level or ""
            return f"{at}  {kind:<{_WIDEST}}  {about}{short(entry.message or '', 300)}"
        if entry.subject is Subject.EXECUTION and "by" in (entry.detail or {}):
            asked = entry.detail
            reason = f": {short(asked['reason'], 200)}" if asked.get("reason") else ""
            return f"{at}  {self._out.state(str(entry.target), sys.stderr)}  asked by {clean(asked['by'])}{reason}"
        if entry.subject is not Subject.TASK or entry.target not in _STEPS or entry.task is None:
            return None
        if not self._is_work(entry.task) and entry.target == T.SUCCEEDED and self._out.level <= 0:
            return None
        state = self._out.state(str(entry.target), sys.stderr) + " " * (_WIDEST - len(entry.target))
        return f"{at}  {state}  {clean(entry.what)}{_reason(entry)}"

    def _is_new(self, entry: Entry) -> bool:
        if entry.seq is not None:
            return entry.seq > self._before.seq
        return (entry.event_id or 0) > self._before.event

    def _is_work(self, no: int) -> bool:
        task = self.story.names.tasks.get(no)
        return task is not None and task.kind in WORK


def _reason(entry: Entry) -> str:
    """Why it failed, and when it is tried again."""
    detail = entry.detail or {}
    error = to_error(detail.get("error"))
    text = f": {error.type.partition(':')[2]}: {short(error.message, 200)}" if error is not None else ""
    again = f"; again in {took(0, detail['delay_us'])}" if "delay_us" in detail else ""
    return text + again


class OnTerminal(Lines):
    """A few lines at the foot of a terminal: counts by state and running operations.

    Above them go events, logs, and steps that did not succeed; with -v all steps.
    """

    def __init__(self, view: View, row: rows.Execution, out: Out, before: Mark, console: Console) -> None:
        from rich.live import Live

        super().__init__(view, row, out, before)
        self._row = row
        self._live: Live = Live(console=console, auto_refresh=False, transient=True)
        self._since_us = self._clock.wall_us()
        self._live.start()
        self._refresh()

    def look(self) -> None:
        super().look()
        self._refresh()

    def line(self, entry: Entry) -> str | None:
        if entry.subject is Subject.TASK and entry.target == T.SUCCEEDED and self._out.level <= 0:
            return None
        return super().line(entry)

    def say(self, line: str) -> None:
        from rich.text import Text

        if self._out.level >= 0:
            self._live.console.print(Text.from_ansi(line), soft_wrap=True)

    def close(self) -> None:
        self._live.stop()

    def _refresh(self) -> None:
        self._live.update(self._picture(), refresh=True)

    def _picture(self) -> Group:
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.text import Text

        names, states = self.story.names, self.story.states
        shown = (no for no, task in names.tasks.items() if task.kind not in _STRUCTURE)
        counted = Counter(states.get(no, T.PENDING) for no in shown)
        total, done = sum(counted.values()), counted[T.SUCCEEDED]
        now_us = self._clock.wall_us()
        counts = ", ".join(f"{count} {state}" for state in T if (count := counted[state]))
        head = f"{self._row.workflow}  {self._row.uid}  {took(self._since_us, now_us)}  {counts}"
        parts: list[Any] = [
            Text(head, overflow="ellipsis", no_wrap=True),
            ProgressBar(total=max(1, total), completed=done),
        ]
        running = self.running()
        for no, since_us in running[:_MOST_RUNNING]:
            line = f"  {clean(names.title(no))}  {took(since_us or now_us, now_us)}"
            parts.append(Text(line, style="cyan", overflow="ellipsis", no_wrap=True))
        if len(running) > _MOST_RUNNING:
            parts.append(Text(f"  and {len(running) - _MOST_RUNNING} more"))
        return Group(*parts)


def display(call: Call, view: View, row: rows.Execution, before: Mark) -> Display:
    """What fits the call and where its stderr goes."""
    if call.out.level < 0:
        return Silence()
    live = is_terminal(sys.stderr) and call.config["progress"] and not os.environ.get("CI")
    if not live or os.environ.get("TERM") in ("dumb", "unknown"):
        return Lines(view, row, call.out, before)
    from rich.console import Console

    console = Console(stderr=True, no_color=not call.out.colors(sys.stderr), highlight=False)
    return OnTerminal(view, row, call.out, before, console)


def is_over(state: str) -> bool:
    """Whether nothing more will be written for an execution in this state without somebody's doing."""
    return state in (X.TERMINATED, X.FAILED, X.CANCELLED, X.INTERRUPTED)
