"""The facade that wires the parts: start, wait, result, resume, executions.

One `Engine` is one host: one scheduler thread, one journal connection, one pool of workers for all executions that
it runs. Several processes may have an engine on the same journal file.
"""

from __future__ import annotations

import logging
import os
import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self, cast

from durable_wf.authoring import capture
from durable_wf.authoring.code_space import using
from durable_wf.authoring.functions import refuses_resume
from durable_wf.authoring.recorded import from_record
from durable_wf.clock import SystemClock
from durable_wf.codec import decode
from durable_wf.engine.cancelling import as_error, asking
from durable_wf.engine.code import differing, fingerprints
from durable_wf.engine.delivery import Delivery
from durable_wf.engine.deployments import Deployments, random_suffix
from durable_wf.engine.modifications import Modifications
from durable_wf.engine.options import ResumeOptions, RunOptions
from durable_wf.engine.preview import Preview, preview
from durable_wf.engine.reopening import no_collection, reopen
from durable_wf.engine.runs import Run
from durable_wf.engine.services import workdirs_of
from durable_wf.engine.starting import (
    check_changed,
    check_cut,
    check_loss,
    create,
    has_ended,
    options_of,
    owner,
    plan_workflow,
)
from durable_wf.engine.topology import DeploymentTopology, find_deployment
from durable_wf.errors import (
    CodeDiffersError,
    DurableError,
    Fenced,
    HeldError,
    NonDeterministicWorkflow,
    UsageError,
)
from durable_wf.graph.decide import Core
from durable_wf.inspection.executions import cancel_request
from durable_wf.inspection.find import find_execution, shown_state
from durable_wf.journal.port import Journal
from durable_wf.model.states import X
from durable_wf.scheduler.claim import claim
from durable_wf.scheduler.host import Host
from durable_wf.scheduler.hosted import Hosted
from durable_wf.scheduler.modifying import Planner
from durable_wf.scheduler.requests import ask as request_cancel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

    from durable_wf.clock import Clock
    from durable_wf.inspection.view import Store
    from durable_wf.model import rows
    from durable_wf.model.protocol import OperationOutcome
    from durable_wf.scheduler.pool import Work

__all__ = ["Engine", "ExecutionInfo", "Preview", "ResumeOptions", "RunOptions", "find_execution", "shown_state"]

_STATES = tuple(X)


@dataclass(frozen=True, slots=True)
class ExecutionInfo:
    """An execution, for people.

    state    as in the journal, but `interrupted` as soon as its runner is gone
    dry_run  operations and writes were shown only
    """

    id: str
    workflow: str
    deployment: str | None
    state: str
    parameters: dict[str, Any]
    created_us: int
    started_us: int | None
    ended_us: int | None
    dry_run: bool = False


class Engine:
    """Runs workflows over a journal.

    journal         a file's path, or an open store
    durability      `power`: a commit survives a power cut; `process`: any crash of the process
    max_operations  worker threads, for all executions together
    clock, new_id   where time and execution ids come from; `new_suffix` gives the ends of ids of added instances
    on_event        is given every event and log as a mapping (workflow-api §12.2), after its commit, in order, on a
                    thread of its own
    log_level       least level of what plugins' own loggers say that the journal gets; `ctx.logger` says all
    """

    def __init__(
        self,
        journal: str | Path | Journal,
        *,
        durability: Literal["power", "process"] = "power",
        max_operations: int = 8,
        clock: Clock | None = None,
        new_id: Callable[[], str] | None = None,
        unsafe_network_fs: bool = False,
        on_event: Callable[[dict[str, Any]], object] | None = None,
        log_level: int = logging.INFO,
    ) -> None:
        self.clock = clock or SystemClock()
        self.new_suffix: Callable[[], str] = random_suffix
        self._new_id = new_id or (lambda: secrets.token_hex(6))
        if isinstance(journal, (str, os.PathLike)):
            from durable_wf.journal.sqlite import open_journal

            self.journal: Journal = open_journal(
                journal, durability=durability, clock=self.clock, unsafe_network_fs=unsafe_network_fs
            )
        else:
            self.journal = journal
        self._runs: dict[int, Run] = {}
        self._hosted: dict[str, Hosted] = {}
        self._topologies: dict[int, DeploymentTopology] = {}
        self._workdirs = workdirs_of(self.journal)
        self.host = Host(self.journal, self.clock, self._perform, max_operations=max_operations)
        self._log_level = log_level
        self._delivery = Delivery(cast("Store", self.journal), self.clock.wall_us, on_event)
        self.host.committed = self._delivery.committed
        self.host.start()
        if hasattr(self.clock, "watched_by"):  # one that is moved by hand says so to whoever waits by it
            self.clock.watched_by(self.host)
        self.deployments = Deployments(self.journal, self.clock, self.host.ask, self._workdirs.archives)
        self.modifications = Modifications(self.journal, self.clock, self.host.ask)

    # ------------------------------------------------------------------ running

    def start(
        self,
        workflow: str | Callable[..., Any],
        parameters: Mapping[str, Any] | None = None,
        *,
        deployment: str | None = None,
        options: RunOptions | None = None,
        allow_custom_parameters: bool = False,
        accept_loss: bool = False,
    ) -> str:
        """Start a workflow; its execution's id. It runs in this process.

        workflow     a Python function, `module:function`, or with `deployment` the name of one of its workflows
        parameters   named arguments; JSON values
        accept_loss  go on although the journal is older than its head file
        raises       NotFoundError, InputError, UsageError, JournalBehindHead, before anything is written; HeldError
                     when another execution of the deployment is running
        """
        check_loss(self.journal, self.host.ask, accept=accept_loss)
        topology = find_deployment(self.journal, deployment) if deployment is not None else None
        plan = plan_workflow(workflow, topology, parameters or {}, allow_custom=allow_custom_parameters)
        options = options or RunOptions()
        uid = self._new_id()
        row = self.host.ask(
            lambda: create(self.journal, self.clock, plan, topology, uid, options, owner(self.journal, self.clock))
        )
        with self._owning(row.id):
            run = Run(row, topology, plan.function, resumed=False, journal_id=self.journal.id, workdirs=self._workdirs)
            self._host(run, self.journal.history(row.id), options.max_parallel, cautious=0)
        return uid

    def resume(self, execution: str, options: ResumeOptions | None = None) -> str:
        """Go on with an interrupted, failed or cancelled execution; its full id.

        raises  NotFoundError; HeldError when its runner lives; AskError where a person has to agree first;
                JournalBehindHead
        """
        options = options or ResumeOptions()
        check_loss(self.journal, self.host.ask, accept=options.accept_loss)
        row = self.find(execution)
        run = reopen(self.journal, row, self.journal.id, self._workdirs)
        if refuses_resume(run.function):
            text = f"Cannot resume - workflow not resumable: '{row.workflow}' is declared resumable=False"
            raise UsageError(text, hint="start it anew")
        if has_ended(row):  # what a person has to agree to is asked before anything is written
            check_cut(self.journal, self.journal.history(row.id), options)
        run.row = self.host.ask(lambda: claim(self.journal, self.clock, row, owner(self.journal, self.clock)))
        with self._owning(row.id), no_collection():
            history = self.journal.history(row.id)
            check_changed(self.journal, history, options)
            cut = check_cut(
                self.journal, history, options
            )  # of what is there now: another runner may have ended it meanwhile
            limit = options.max_parallel or options_of(row).get("max_parallel")
            self._host(run, history, limit, cautious=self.host.pool.size, cut=cut, reset_all=options.reset_operations)
        return row.uid

    def preview(self, execution: str, options: ResumeOptions | None = None) -> Preview:
        """What a resume would keep, run again and ask about. Changes nothing."""
        row = self.find(execution)
        return preview(self.journal.history(row.id), options or ResumeOptions())

    def code_differences(self, execution: str) -> list[str]:
        """Names of the sources that are not as they were when the execution started."""
        row = self.find(execution)
        run = reopen(self.journal, row, self.journal.id, self._workdirs)
        return differing(decode(row.code_json), fingerprints(run.function, run.topology))

    def _host(
        self,
        run: Run,
        history: rows.History,
        limit: int | None,
        *,
        cautious: int,
        cut: Any = None,
        reset_all: bool = False,
    ) -> None:
        core = Core(history, cut=cut, reset_all=reset_all)
        planner = None if run.topology is None else Planner(run.topology.plan.scaling_groups, self.new_suffix)
        hosted = Hosted(core, self.host.post, self.host.ask, limit=limit, cautious=cautious, planner=planner)
        self._runs[run.row.id] = run
        capture.begin(self)
        run.begin(self.host, hosted, self._log_level)
        self._hosted[run.row.uid] = hosted

    @contextmanager
    def _owning(self, execution: int) -> Iterator[None]:
        """Give the execution back if it cannot be hosted after all."""
        try:
            yield
        except BaseException:
            self.host.ask(lambda: self.journal.disown(execution))
            raise

    def _perform(self, work: Work) -> OperationOutcome:
        return self._runs[work.hosted.id].perform(work, self.clock)

    # ------------------------------------------------------------------ waiting and asking

    def wait(self, execution: str, timeout: float | None = None) -> str:
        """Wait until an execution that this engine runs ends or lies down; its state.

        timeout  seconds, or None
        raises   TimeoutError; CodeDiffersError, HeldError, StorageError when its runner had to stop
        """
        hosted = self._hosted.get(self.find(execution).uid)
        if hosted is None:
            return self.info(execution).state
        if not hosted.done.wait(timeout):
            text = f"execution '{execution}' has not ended within {timeout} s"
            raise TimeoutError(text)
        self._delivery.flush()
        if isinstance(hosted.failure, NonDeterministicWorkflow):
            text = f"execution '{execution}': the code asks for other tasks than the journal remembers"
            text += f"\n{hosted.failure.report}"
            raise CodeDiffersError(text, hint="put the code back and resume again; nothing was changed")
        if isinstance(hosted.failure, Fenced):
            text = f"execution '{execution}' was taken over by another runner"
            raise HeldError(text)
        if isinstance(hosted.failure, DurableError):
            raise hosted.failure
        return str(hosted.state)

    def asks(self, execution: str) -> tuple[int, ...]:
        """Numbers of the tasks whose unknown outcome a person must settle, after `wait`."""
        hosted = self._hosted.get(self.find(execution).uid)
        return hosted.asks if hosted is not None else ()

    def result(self, execution: str) -> Any:
        """What the workflow returned.

        raises  what it raised, as recorded; ExecutionCancelled; UsageError when it has not ended
        """
        row = self.find(execution)
        detail = self._end_detail(row)
        if _STATES[row.state] is X.TERMINATED:
            return detail.get("result")
        run = self._runs.get(row.id)
        with using(run.space if run else None):  # classes of exceptions that a plugin has
            if _STATES[row.state] is X.CANCELLED:
                raise as_error(detail, cancel_request(self.journal.history(row.id)))
            if "error" in detail:
                raise from_record(detail["error"], tuple(detail.get("ended_by", ())))
        text = f"execution '{execution}' is {self.info(execution).state}; it has no result"
        raise UsageError(text)

    def _end_detail(self, row: rows.Execution) -> dict[str, Any]:
        if row.ended_seq is None:
            return {}
        found = self.journal.transitions(row.id, since=row.ended_seq - 1)
        return dict(decode(found[0].detail_json) or {}) if found else {}

    def executions(self) -> list[ExecutionInfo]:
        """All executions, newest first."""
        names = {row.id: row.name for row in self.journal.deployments()}
        return [self._info(row, names) for row in self.journal.executions()]

    def info(self, execution: str) -> ExecutionInfo:
        """One execution."""
        names = {row.id: row.name for row in self.journal.deployments()}
        return self._info(self.find(execution), names)

    def _info(self, row: rows.Execution, names: dict[int, str]) -> ExecutionInfo:
        return ExecutionInfo(
            row.uid, row.workflow, names.get(row.deployment or 0), shown_state(row, owned=self.journal.owned(row.id)),
            decode(row.parameters_json), row.created_us, row.started_us, row.ended_us,
            bool(options_of(row).get("dry_run")),
        )  # fmt: skip

    def find(self, execution: str) -> rows.Execution:
        """The execution whose id begins so.

        raises  NotFoundError with near matches; UsageError when several do
        """
        return find_execution(self.journal, execution)

    def stop(self, execution: str) -> None:
        """Let it lie down: nothing new starts, what runs is waited for."""
        hosted = self._hosted.get(self.find(execution).uid)
        if hosted is not None:
            self.host.stop(hosted)

    def cancel(
        self, execution: str, level: str = "cancel", *, reason: str | None = None, by: str | None = None,
        key: str | None = None,
    ) -> bool:  # fmt: skip
        """Ask that an execution be cancelled, whichever process runs it.

        level    `cancel`: its function is told and may clean up; `force`: nobody waits for it; `kill`: what runs is
                 killed
        by       who asks, for people; None: this process
        key      the same wish again is the first one; None: a new one
        returns  True where nobody ran it, and it is cancelled; False where its runner was asked, who takes the request
                 in its own turn
        raises   NotFoundError; UsageError when it has ended and nobody resumes it
        """
        row, wish = self.find(execution), asking(level, reason, by, key)
        ended: bool = self.host.ask(lambda: request_cancel(self.journal, self.clock, row.id, wish))
        hosted = self._hosted.get(row.uid)
        if hosted is not None:
            self.host.post(("look", hosted))
        return ended

    def drain(self, execution: str, timeout: float | None = None) -> bool:
        """Wait until nothing of it runs in this process: after a forced cancel, operations may; whether that is so."""
        hosted = self._hosted.get(execution)
        return hosted is None or hosted.released.wait(timeout)

    def is_killed(self, execution: str) -> bool:
        """Whether a kill request has ended it here: what still runs of it is to be ended with the process."""
        hosted = self._hosted.get(execution)
        return hosted is not None and hosted.is_killed

    def stays(self, execution: str) -> bool:
        """Whether a forced request has ended its resume here during the replay: it is as it had ended before."""
        hosted = self._hosted.get(execution)
        return hosted is not None and hosted.stays

    def running(self, execution: str) -> int:
        """How many operations of it are with workers."""
        hosted = self._hosted.get(execution)
        return len(hosted.works) if hosted is not None else 0

    def close(self) -> None:
        """Let every execution lie down, and close the journal."""
        for hosted in self._hosted.values():
            if not hosted.done.is_set():
                self.host.stop(hosted)
        for hosted in self._hosted.values():
            hosted.done.wait()
        self.host.close()
        self._delivery.close()
        capture.end(self)
        self.journal.close()
        self._workdirs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
