"""Replay without a runner: an execution's workflow function against what the journal remembers, and nothing else.

No operation runs, nothing is written, and nobody needs to own the execution. The function's own code does run, on a
thread of its own, until it ends or asks for what the journal cannot answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from durable_wf.clock import SystemClock
from durable_wf.codec import decode, encode
from durable_wf.engine.reopening import reopen
from durable_wf.errors import EngineBug, EngineSignal
from durable_wf.graph.decide import Core
from durable_wf.graph.match import two_columns
from durable_wf.graph.state import FAILED
from durable_wf.model.events import Raised, Returned
from durable_wf.model.states import EXECUTION, X
from durable_wf.scheduler.hosted import GoesLive, Hosted
from durable_wf.scheduler.voices import Batch
from durable_wf.sources.workdirs import Workdirs

if TYPE_CHECKING:
    from durable_wf.graph.match import Replay
    from durable_wf.journal.port import Reader
    from durable_wf.model import rows
    from durable_wf.model.events import FromFunction
    from durable_wf.scheduler.host import Host

TIMEOUT_S = 60.0  # for the function's own code between two calls; it waits for nothing here


class EndOfHistory(EngineSignal):
    """Unwinds the workflow function: it asks for what the journal cannot answer, and nobody else is there."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of a replay.

    state     of the execution, by the journal
    report    two columns where the code asks for something else than the journal remembers; None where it does not
    warnings  differences of arguments alone, where the journal's are used
    ended     whether the function came to its end; False where it asked for more than there is yet
    """

    execution: str
    workflow: str
    state: str
    report: str | None
    warnings: list[str] = field(default_factory=list)
    ended: bool = False


class _Desk:
    """What a run asks of a host, where there is none."""

    def __init__(self, journal: Reader) -> None:
        self.journal = journal
        self.clock = SystemClock()

    def add(self, hosted: Hosted) -> None:
        """Nobody hosts it."""


class _Offline:
    """One replay: catches what the function asks for beyond the history, and ends it there."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.last: FromFunction | None = None
        self.hosted = Hosted(core, self._post)

    def _post(self, item: Any) -> None:
        """On the workflow's thread. What it logs is left out."""
        if isinstance(item, GoesLive):
            self.last = item.event
            self.hosted.unwind(EndOfHistory())
        elif isinstance(item, Batch):
            item.drop()

    def run(self, reader: Reader, row: rows.Execution, journal_id: str) -> None:
        """raises  TimeoutError where the function goes on without asking for anything."""
        reopen(reader, row, journal_id, Workdirs(None)).begin(cast("Host", _Desk(reader)), self.hosted)
        if not self.hosted.join(TIMEOUT_S):
            self.hosted.unwind(EndOfHistory())
            text = f"the workflow function of execution '{row.uid}' did not come to a wait within {TIMEOUT_S:g} s"
            raise TimeoutError(text)


def replay(reader: Reader, row: rows.Execution, journal_id: str) -> Replayed:
    """Replay one execution.

    raises  InputError where its function or its deployment cannot be had
    """
    history = reader.history(row.id)
    core = Core(history)
    offline = _Offline(core)
    offline.run(reader, row, journal_id)
    matched, last = core.replay, offline.last
    if matched is None:
        text = "an offline replay went live"
        raise EngineBug(text)
    matched.settle()
    return Replayed(
        row.uid,
        row.workflow,
        str(tuple(X)[row.state]),
        _difference(core, matched, history, last),
        matched.warnings,
        isinstance(last, (Returned, Raised)),
    )


def _difference(core: Core, matched: Replay, history: rows.History, last: FromFunction | None) -> str | None:
    if not matched.complete:
        return matched.report(last)
    row = history.execution
    state = tuple(X)[row.state]
    if state not in EXECUTION.ended or state is X.CANCELLED:
        return None  # its function had not ended: it may go on from here as it likes
    if matched.fresh or not isinstance(last, (Returned, Raised)):
        return matched.report(last)
    journal, code = _end_by_journal(history), _end_by_code(core, last)
    return None if journal == code else two_columns([journal], [code])


def _end_by_journal(history: rows.History) -> str:
    ended_seq = history.execution.ended_seq
    found = next((row.detail_json for row in history.transitions if row.seq == ended_seq), None)
    detail = decode(found) if found is not None else {}
    return _raised(detail["error"]) if "error" in detail else _returned(detail.get("result"))


def _end_by_code(core: Core, last: Returned | Raised) -> str:
    if isinstance(last, Raised):
        return _raised(last.error)
    lost = next((task for task in core.run.standard if task.state == FAILED and not task.fetched), None)
    if lost is not None:  # its failure is the execution's, although the function did not look at it
        return _raised(decode(lost.detail)["error"])
    return _returned(decode(last.result_json))


def _returned(result: Any) -> str:
    return f"(the function returns {encode(result)})"


def _raised(error: dict[str, Any]) -> str:
    return f"(the execution fails with {error['type'].partition(':')[2]}: {error['message'].partition(chr(10))[0]})"
