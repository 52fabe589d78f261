"""Running one attempt: find the function, evaluate its inputs, call it, and say how it ended. Never raises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.authoring import recorded
from durable_wf.authoring.current import current_ctx, current_workflow_ctx
from durable_wf.authoring.evaluation import evaluate_inputs
from durable_wf.authoring.functions import find, with_ctx
from durable_wf.authoring.operation_ctx import OperationContext
from durable_wf.authoring.speech import speaking
from durable_wf.codec import MAX_RESULT_BYTES, encode
from durable_wf.model.protocol import OperationOutcome, OperationRequest, Status
from durable_wf.sources.vault import VAULT

if TYPE_CHECKING:
    from collections.abc import Callable

    from durable_wf.authoring.services import Services, Topology
    from durable_wf.authoring.speech import Speech

_FRAMES = 1  # our own frame at the top of an operation's traceback


def perform_operation(
    request: OperationRequest,
    topology: Topology | None,
    services: Services,
    wall_us: Callable[[], int],
    speech: Speech,
) -> OperationOutcome:
    """Run an operation by its path.

    speech  what it says while it runs
    """
    began_us = wall_us()
    ctx = None
    try:
        ctx = OperationContext(request, topology, services, speech)
        function = find(request.body["function"], request.body["kwargs"])
        kwargs = evaluate_inputs(request, topology)
        with current_ctx.push(ctx, {**kwargs, "ctx": ctx}):
            result = function(**with_ctx(function, kwargs, ctx))
        if ctx.operation.asked_again is not None:
            raise ctx.operation.asked_again
        outcome = _succeeded(result, began_us, wall_us())
    except BaseException as error:  # noqa: BLE001 - whatever an operation raises is its outcome, SystemExit too
        outcome = failed(error, began_us, wall_us())
    if ctx is not None and ctx.has_subjects():
        outcome = _with_changes(ctx, services, outcome)
    return outcome


def perform_callable(
    call: Callable[..., Any] | None, request: OperationRequest, ctx: Any, wall_us: Callable[[], int], speech: Speech
) -> OperationOutcome:
    """Run a local task: a callable that the workflow function has given.

    speech  what it says while it runs, also through the workflow's own context
    """
    began_us = wall_us()
    try:
        if call is None:
            text = f"the callable of local task '{request.name}' was not given again by the workflow function"
            raise RuntimeError(text)
        with current_workflow_ctx.push(ctx), speaking(speech):
            result = call(**request.body["kwargs"])
        return _succeeded(result, began_us, wall_us())
    except BaseException as error:  # noqa: BLE001 - whatever it raises is its outcome
        return failed(error, began_us, wall_us())


def _succeeded(result: Any, began_us: int, ended_us: int) -> OperationOutcome:
    result = VAULT.concealed(result, "result")
    text = None if result is None else encode(result, what="result", limit=MAX_RESULT_BYTES)
    return OperationOutcome(Status.SUCCEEDED, began_us, ended_us, text)


def failed(error: BaseException, began_us: int, ended_us: int) -> OperationOutcome:
    """The outcome of an attempt that raised."""
    may_retry, retry_after = recorded.recoverable(error)
    return OperationOutcome(
        Status.RETRY if recorded.asks_again(error) else Status.FAILED,
        began_us,
        ended_us,
        error=recorded.to_record(error, skip_frames=_FRAMES),
        recoverable=may_retry,
        retry_after_s=retry_after,
    )


def _with_changes(ctx: OperationContext, services: Services, outcome: OperationOutcome) -> OperationOutcome:
    """Runtime properties are saved however it ended (workflow-api §1.5), in the commit of the outcome (L7).

    Ones that are not JSON make it fail, and so does a handler of conflicts that raises. Where there are handlers, the
    commit is made from here, because only this thread may ask them; that it is given again changes nothing.
    """
    try:
        outcome.changes = ctx.property_changes()
        while guarded := ctx.guarded():
            stale = services.end(outcome, guarded)
            if not stale:
                break
            with current_ctx.push(ctx):
                ctx.ask(stale)
            outcome.changes = ctx.property_changes()
    except Exception as error:  # noqa: BLE001 - what the operation has put there, or its handler
        return failed(error, outcome.began_us, outcome.ended_us)
    return outcome
