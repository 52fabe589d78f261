"""`run` and `resume`: executions in this process, from their start to their end or until they lie down."""

from __future__ import annotations

import sys
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any, TypeVar

from durable_wf.cli.calls import Call
from durable_wf.cli.endings import print_ending, print_preview
from durable_wf.cli.failures import CANCELLED
from durable_wf.cli.parameters import (
    AcceptChanges,
    AcceptLoss,
    AllowCustom,
    DryRun,
    Execution,
    FromTask,
    MaxParallel,
    OfDeployment,
    Parameters,
    Policy,
    ResetOperations,
    TakeOver,
    TaskRetries,
    TaskRetryInterval,
    Timeout,
    Workflow,
)
from durable_wf.cli.values import read_values
from durable_wf.errors import HeldError, JournalBehindHead, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from durable_wf.cli.progress import Mark
    from durable_wf.engine import Engine, ResumeOptions
    from durable_wf.inspection.view import View
    from durable_wf.model import rows

T = TypeVar("T")

_UNITS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


def duration_s(text: str) -> float:
    """Seconds of `90`, `1.5s`, `5m`, `2h`.

    raises  UsageError
    """
    number = text.rstrip("abcdefghijklmnopqrstuvwxyz")
    try:
        seconds = float(number) * _UNITS[text[len(number) :]]
    except (ValueError, KeyError):
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise UsageError(f"'{text}' is not a duration", hint="write seconds, or 500ms, 30s, 5m, 2h")
    return seconds


def run(
    call: Call,
    workflow: Workflow,
    deployment: OfDeployment = None,
    parameters: Parameters = None,
    allow_custom: AllowCustom = False,
    on_unknown: Policy = None,
    max_parallel: MaxParallel = None,
    timeout: Timeout = None,
    task_retries: TaskRetries = None,
    task_retry_interval: TaskRetryInterval = None,
    dry_run: DryRun = False,
    accept_loss: AcceptLoss = False,
) -> int:
    """Run a workflow of a deployment, or a Python function, until it ends.

    Its result goes to stdout. Ctrl-C lets it lie down; `durable-wf resume` goes on, also after a crash.
    """
    from durable_wf.engine import RunOptions

    given = read_values(parameters or [], "-p")
    limit_s = None if timeout is None else duration_s(timeout)
    chosen: dict[str, Any] = {
        "task_retries": task_retries,
        "task_retry_interval": task_retry_interval,
        "on_unknown": on_unknown and on_unknown.value,
        "max_parallel": max_parallel,
    }
    options = RunOptions(**{name: value for name, value in chosen.items() if value is not None})
    if dry_run:
        from durable_wf.cli.rehearsing import rehearse

        _importable_here(deployment)
        return rehearse(call, workflow, given, deployment, options, allow_custom=allow_custom, timeout_s=limit_s)
    _accepting(call, "run", lambda: _check(call, workflow, deployment), accept_loss=accept_loss)

    def begin(engine: Engine) -> str:
        uid = engine.start(
            workflow,
            given,
            deployment=deployment,
            options=options,
            allow_custom_parameters=allow_custom,
            accept_loss=accept_loss,
        )
        call.out.note(f"execution {uid} of {workflow}")
        return uid

    return _host(call, "run", begin, timeout_s=limit_s)


def _check(call: Call, workflow: str, deployment: str | None) -> None:
    """What can be refused before a journal is made."""
    if deployment is not None:
        from durable_wf.cli.takeover import held
        from durable_wf.inspection.find import find_deployment
        from durable_wf.scheduler.claim import busy

        with call.view() as view:
            found = find_deployment(view.store, deployment)
            other = busy(view.store, view.owned, found.id)
            if other is not None:
                raise held(view, other, f" of deployment '{deployment}'")
        return
    if ":" not in workflow:
        text = f"'{workflow}' is a workflow's name, and there is no deployment to look it up in"
        raise UsageError(text, hint="name the deployment with -d, or a Python function as MODULE:FUNCTION")
    from durable_wf.authoring.functions import find

    _importable_here(deployment)
    find(workflow)


def _importable_here(deployment: object) -> None:
    """Without a deployment, modules of the working directory can be imported, as by `python -m`.

    The older system's names can be imported in any case.
    """
    from durable_wf.cli.calls import working_directory
    from durable_wf.engine.code import make_importable

    here = working_directory() if deployment is None else None
    if here is not None and str(here) not in sys.path:
        sys.path.insert(0, str(here))
    make_importable(None)


def resume(
    call: Call,
    execution: Execution,
    dry_run: DryRun = False,
    reset_operations: ResetOperations = False,
    from_task: FromTask = None,
    take_over: TakeOver = False,
    accept_changes: AcceptChanges = False,
    accept_loss: AcceptLoss = False,
    max_parallel: MaxParallel = None,
) -> int:
    """Go on with an execution that was interrupted, failed or cancelled.

    What ended is answered from the journal; what had not ended runs.
    """
    from durable_wf.cli import takeover
    from durable_wf.cli.progress import mark
    from durable_wf.inspection.find import find_execution
    from durable_wf.inspection.tasks import names_of

    with call.view() as view:
        row = _accepting(call, "resume", lambda: find_execution(view.store, execution), accept_loss=accept_loss)
        history = view.store.history(row.id)
        number = None if from_task is None else names_of(history).find(from_task, row.uid)
        options = _options(reset_operations, accept_changes, accept_loss, number, max_parallel)
        _importable_here(row.deployment)
        if not dry_run and view.owned(row.id):
            if not take_over:
                raise takeover.held(view, row)
            owner = takeover.take_over(view, row)
            call.out.note(f"ended {owner}")
            history = view.store.history(row.id)
        if dry_run:
            return _dry_run(call, view, history, options)
        _tell_loss(call, history.execution)
        print_preview(call, history, options)
        before = mark(view, row)

    def begin(engine: Engine) -> str:
        for name in engine.code_differences(row.uid):
            call.out.error(f"the code is not what it was: {name}")
        try:
            return engine.resume(row.uid, options)
        except HeldError:  # somebody was quicker
            with call.view() as now:
                raise takeover.held(now, row) from None

    return _host(call, "resume", begin, before)


def _tell_loss(call: Call, row: rows.Execution) -> None:
    """Say what a power cut may have taken of it, where nothing can tell whether it has."""
    from durable_wf.clock import SystemClock
    from durable_wf.inspection.owners import may_have_lost

    lost = may_have_lost(row, SystemClock().now().boot_id)
    if lost is not None:
        call.out.error(f"notice: {lost}")


def _options(
    reset_operations: bool, accept_changes: bool, accept_loss: bool, from_task: int | None, max_parallel: int | None
) -> ResumeOptions:
    from durable_wf.engine import ResumeOptions

    return ResumeOptions(
        reset_operations=reset_operations,
        accept_changes=accept_changes,
        accept_loss=accept_loss,
        from_task=from_task,
        max_parallel=max_parallel,
    )


def _dry_run(call: Call, view: View, history: rows.History, options: ResumeOptions) -> int:
    from durable_wf.engine.starting import check_changed, check_cut

    print_preview(call, history, options, whole=True)
    check_cut(view.store, history, options)
    check_changed(view.store, history, options)
    return 0


def _accepting(call: Call, command: str, find: Callable[[], T], *, accept_loss: bool) -> T:
    """What `find` gives; where the journal may have lost what is looked for, a person accepts that first (L6).

    raises  what `find` does
    """
    try:
        return find()
    except JournalBehindHead:
        if not accept_loss:
            raise
    with closing(call.journal(command)) as journal:
        journal.accept_loss()
    call.out.note("the loss is accepted: the head says now what the journal says")
    return find()


def _host(
    call: Call,
    command: str,
    begin: Callable[[Engine], str],
    before: Mark | None = None,
    timeout_s: float | None = None,
) -> int:
    """Begin an execution in this process and wait for it; the exit code.

    begin   given the engine, starts it and gives its id
    before  how far its journal had come; None for a new one
    """
    from durable_wf.cli.progress import Mark, display
    from durable_wf.cli.streams import masked_streams
    from durable_wf.cli.waiting import Signals, Waiting, leave_now, stdout_for_data

    with ExitStack() as stack:
        with masked_streams(), stdout_for_data(), Signals() as signals:
            engine = stack.enter_context(call.engine(command, runner=True))
            uid = begin(engine)
            view = stack.enter_context(call.view())
            row = view.store.find_execution(uid)[0]
            shown = display(call, view, row, before or Mark())
            ending = Waiting(engine, uid, shown, call.out, signals).wait(timeout_s)
            asks = engine.asks(uid)
        code = print_ending(call, view, row.id, ending, asks)
        if engine.stays(uid):  # the execution is as it was; this command is what was cancelled
            call.out.error("its resume was cancelled before it had begun anything")
            code = CANCELLED
        if engine.is_killed(uid):
            leave_now(code)
        return code
