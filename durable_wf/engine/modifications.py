"""Modifications of deployments, as a person ends one that was given up; and what stands in the way of others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.codec import decode
from durable_wf.errors import AskError, HeldError, UsageError
from durable_wf.inspection.find import find_modification
from durable_wf.model.deployed import Modification
from durable_wf.model.rows import Changes, Kind, Subject, Transition
from durable_wf.model.states import MODIFICATION
from durable_wf.scheduler.claim import busy
from durable_wf.scheduler.modification_tasks import ended_text
from durable_wf.scheduler.modifying import Modifying

if TYPE_CHECKING:
    from collections.abc import Callable

    from durable_wf.clock import Clock
    from durable_wf.graph.cut import Cut
    from durable_wf.graph.state import Run
    from durable_wf.journal.port import Journal, Reader

_STARTED = MODIFICATION.code(MODIFICATION.initial)


class Modifications:
    """What an engine offers for modifications.

    on_writer  runs a function on the thread that may write
    """

    def __init__(self, journal: Journal, clock: Clock, on_writer: Callable[[Callable[[], Any]], Any]) -> None:
        self._journal = journal
        self._clock = clock
        self._on_writer = on_writer

    def finish(self, uid: str) -> str:
        """Let the change stay: what it removes is gone; the modification's full id.

        raises  NotFoundError; UsageError when it has ended; HeldError while an execution of the deployment runs
        """
        return self._end(uid, finishes=True)

    def rollback(self, uid: str) -> str:
        """Have the deployment show all as before the start; no operation is run. As `finish`."""
        return self._end(uid, finishes=False)

    def _end(self, uid: str, *, finishes: bool) -> str:
        found = find_modification(self._journal, uid)
        self._on_writer(lambda: self._write(found, finishes=finishes))
        return found.uid

    def _write(self, found: Modification, *, finishes: bool) -> None:
        with self._journal.turn() as turn:
            row = next(one for one in turn.modifications(found.deployment) if one.id == found.id)
            if row.state != _STARTED:
                raise UsageError(ended_text(row, finishes=finishes))
            running = busy(self._journal, self._journal.owned, row.deployment)
            if running is not None:
                text = f"execution '{running.uid}' of the same deployment is running"
                raise HeldError(
                    text, hint="wait for it, or cancel it, so that no operation of it changes what is shown"
                )
            shown = turn.shown(row.deployment)
            writer = _Person(turn.seq, self._clock.wall_us())
            modifying = Modifying(turn, row.deployment, shown)
            (modifying.finish if finishes else modifying.rollback)(writer, row)
            turn.apply(writer.changes)


class _Person:
    """Writes for a person, and no execution (`scheduler.modifying.Writer`)."""

    execution_id = 0

    def __init__(self, seq: int, at_us: int) -> None:
        self.seq = seq
        self.at_us = at_us
        self.changes = Changes()

    def moved(
        self, subject: Subject, no: int, source: int | None, target: int, event: int, detail: str | None = None
    ) -> int:
        """Write a transition; its seq."""
        row = Transition(0, self.seq, int(subject), no, source, target, event, self.at_us, None, None, 0, detail)
        self.changes.transitions.append(row)
        self.seq += 1
        return row.seq


def check_started(journal: Reader, deployment: int | None, run: Run, cut: Cut) -> None:
    """Refuse a resume that would start a modification again while the one that it did start has not ended.

    raises  AskError naming it
    """
    if deployment is None:
        return
    started = {row.uid for row in journal.modifications(deployment) if row.state == _STARTED}
    for no in cut.superseded:
        task = run.tasks[no]
        if task.kind == Kind.START_MODIFICATION and task.detail is not None:
            uid = (decode(task.detail).get("result") or {}).get("id")
            if uid in started:
                text = f"the modification '{uid}', which the workflow would start again, has not ended"
                hint = f"end it first: durable-wf modifications rollback {uid}"
                raise AskError(text, hint=hint)


def refuse_started(journal: Reader, deployment: int) -> None:
    """Refuse to go on while a modification of the deployment has started and not ended.

    raises  HeldError naming it
    """
    for row in journal.modifications(deployment):
        if row.state == _STARTED:
            text = f"the modification '{row.uid}' of the deployment has not ended"
            raise HeldError(text, hint=f"durable-wf modifications finish {row.uid}, or rollback {row.uid}")
