"""One run of an execution in this process: its context, its function, and how its operations are performed."""

from __future__ import annotations

import logging
from collections import Counter
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from durable_wf.authoring import recorded
from durable_wf.authoring.code_space import using
from durable_wf.authoring.current import current_workflow_ctx
from durable_wf.authoring.exceptions import EXECUTION_CANCELLED_RESULT, ExecutionCancelled
from durable_wf.authoring.functions import with_ctx
from durable_wf.authoring.perform import failed, perform_callable, perform_operation
from durable_wf.authoring.speech import WORKFLOW_LOG, Speech, own_speech, speaking
from durable_wf.authoring.workflow_ctx import WorkflowContext
from durable_wf.clock import iso
from durable_wf.codec import MAX_RESULT_BYTES, decode, encode
from durable_wf.engine.plugins import space_for
from durable_wf.engine.services import AttemptServices
from durable_wf.model.events import Raised
from durable_wf.model.protocol import OperationRequest
from durable_wf.model.rows import Kind
from durable_wf.sources.vault import VAULT

if TYPE_CHECKING:
    from collections.abc import Callable

    from durable_wf.clock import Clock
    from durable_wf.engine.topology import DeploymentTopology
    from durable_wf.journal.port import Reader
    from durable_wf.model.protocol import Logged, OperationOutcome
    from durable_wf.model.rows import Execution
    from durable_wf.scheduler.host import Host
    from durable_wf.scheduler.hosted import Hosted
    from durable_wf.scheduler.pool import Work
    from durable_wf.sources.workdirs import Workdirs


class Run:
    """What belongs to a hosted execution above the scheduler.

    space      of the code of its deployment's plugins
    resumed    whether this is not the first runner
    log_level  least level of what is taken from other loggers than `ctx.logger`
    """

    def __init__(
        self,
        row: Execution,
        topology: DeploymentTopology | None,
        function: Callable[..., Any],
        *,
        resumed: bool,
        journal_id: str,
        workdirs: Workdirs,
    ) -> None:
        self.row = row
        self.topology = topology
        self.space = space_for(topology)
        self.function = function
        self.resumed = resumed
        self.journal_id = journal_id
        self.workdirs = workdirs
        self.log_level = logging.INFO
        self.ctx: WorkflowContext | None = None

    def begin(self, host: Host, hosted: Hosted, log_level: int = logging.INFO) -> None:
        """Start the workflow's thread."""
        self.log_level = log_level
        said = _Said(host.journal, self.row.id)

        def say(line: Logged) -> None:
            of_task = own_speech()
            if of_task is not None and of_task is not speech:  # in a local task, the workflow's context is its own
                of_task.say(line)
            elif hosted.live or not said.before(line):
                hosted.log(line)

        speech = Speech(say, host.clock.wall_us, kind=WORKFLOW_LOG, level=self.log_level)
        self.ctx = WorkflowContext(
            hosted,
            self.topology,
            execution_id=self.row.uid,
            workflow_id=self.row.workflow,
            options=decode(self.row.options_json),
            speech=speech,
            record={"parameters": decode(self.row.parameters_json), "created_at": iso(self.row.created_us)},
        )
        host.add(hosted)
        hosted.run(self._call, on_error)

    def _call(self, hosted: Hosted) -> str | None:
        del hosted
        ctx = self.ctx
        if ctx is None:
            text = "the workflow's context was not made"
            raise RuntimeError(text)
        parameters = decode(self.row.parameters_json)
        ctx.begin()
        pushed = current_workflow_ctx.push(ctx, {**parameters, "ctx": ctx})
        with using(self.space), pushed, speaking(ctx.internal.speech):
            result = self.function(**with_ctx(self.function, parameters, ctx))
        if isinstance(result, str) and result == EXECUTION_CANCELLED_RESULT:
            raise ExecutionCancelled
        result = VAULT.concealed(result, "the workflow's result")
        return None if result is None else encode(result, what="the workflow's result", limit=MAX_RESULT_BYTES)

    def perform(self, work: Work, clock: Clock) -> OperationOutcome:
        """Run one attempt on a worker's thread."""
        work.began_us = clock.wall_us()
        try:
            request = self._request(work)
            speech = Speech(work.say, clock.wall_us, level=self.log_level)
            with using(self.space):
                if work.kind == Kind.LOCAL:
                    return perform_callable(work.callable, request, self.ctx, clock.wall_us, speech)
                services = AttemptServices(work, self.topology, self.workdirs)
                return perform_operation(request, self.topology, services, clock.wall_us, speech)
        except BaseException as error:  # noqa: BLE001 - nothing may end a worker thread without an outcome
            return failed(error, work.began_us, clock.wall_us())

    def _request(self, work: Work) -> OperationRequest:
        body = _body(work.request)
        return OperationRequest(
            execution_uid=self.row.uid,
            workflow=self.row.workflow,
            deployment=self.topology.deployment if self.topology is not None else None,
            blueprint=self.topology.blueprint if self.topology is not None else None,
            task=work.no,
            attempt=work.attempt,
            fence=self.row.fence,
            idempotency_key=idempotency_key(self.journal_id, self.row.uid, work.no, work.generation),
            kind=work.kind,
            name=work.name,
            body=body,
            retry_number=work.retries,
            max_retries=body["policy"]["total_retries"],
            resumed=self.resumed,
            instances=work.instances,
            parameters_json=self.row.parameters_json,
        )


def _body(text: str) -> dict[str, Any]:
    """A stored request. Without arguments, which an operation may change, many attempts can share one."""
    if '"kwargs":{}' in text:
        body = _shared(text)
        if not body["kwargs"]:
            return body
    fresh: dict[str, Any] = decode(text)
    return fresh


@lru_cache(maxsize=256)
def _shared(text: str) -> dict[str, Any]:
    body: dict[str, Any] = decode(text)
    return body


class _Said:
    """What a workflow function has logged and sent already, so that its replay does not say it again.

    One that a crash has taken is not among them, and is said now.
    """

    def __init__(self, journal: Reader, execution: int) -> None:
        self._journal = journal
        self._execution = execution
        self._lines: Counter[tuple[str, str, str]] | None = None

    def before(self, line: Logged) -> bool:
        """Whether it was said, as often as it was asked for so far."""
        if self._lines is None:
            events = self._journal.events(self._execution)
            self._lines = Counter((one.type, one.level, one.message) for one in events if one.task is None)
        key = line.type, line.level, line.text
        self._lines[key] -= 1
        return self._lines[key] >= 0


def idempotency_key(journal_id: str, uid: str, task: int, generation: int) -> str:
    """The same for every attempt of a task until a person resets it."""
    return sha256(f"{journal_id}/{uid}/{task}/{generation}".encode()).hexdigest()[:32]


def on_error(error: BaseException) -> Raised:
    """What the journal stores of a workflow function's exception."""
    record = recorded.to_record(error, skip_frames=2)
    return Raised(record, recorded.failed_tasks(error), isinstance(error, ExecutionCancelled))
