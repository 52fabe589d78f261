"""Tasks as a workflow's author has them: unstarted in graph mode, results to fetch in standard mode.

Source: reference/workflow-api.md §3.3, §3.5, §1.6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.authoring.cancelling import fetch
from durable_wf.authoring.recorded import from_record
from durable_wf.codec import decode
from durable_wf.model.events import Asked, Spec
from durable_wf.model.rows import Kind

if TYPE_CHECKING:
    from durable_wf.authoring.services import Bridge
    from durable_wf.model.commands import Answer


class WorkflowTask:
    """A task that has not been started: add it to a graph.

    id    known to this process only; the journal numbers tasks when their graph is executed
    """

    is_subgraph = False

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.info: Any = None

    @property
    def id(self) -> str:
        """Tells the tasks of one run of the function apart."""
        return f"{self.spec.kind.name.lower()}-{id(self.spec):x}"

    @property
    def name(self) -> str:
        """The function's path for an operation, else what the task does."""
        body = decode(self.spec.request)
        return str(body.get("function") or self.spec.name or self.spec.kind.name)

    @property
    def kwargs(self) -> dict[str, Any]:
        """Its arguments; a copy."""
        return dict(decode(self.spec.request)["kwargs"])

    def is_nop(self) -> bool:
        """Whether it does nothing."""
        return self.spec.kind is Kind.NOP

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.spec.kind.name.lower()} {self.spec.name} {self.spec.target}>"


class WorkflowTaskResult:
    """What standard mode gives for a task: `get()` waits for it."""

    def __init__(self, bridge: Bridge, spec: Spec, on_fetched: Any) -> None:
        self._bridge = bridge
        self._spec = spec
        self._on_fetched = on_fetched
        self._answer: Answer | None = None

    def get(self) -> Any:
        """Wait until the task is decided, retries included, and give its result.

        raises  what the operation raised, when it failed for good; ExecutionCancelled when the function is told of a
                cancel request meanwhile, or the task will not start because of it
        """
        if self._answer is None:
            self._answer = fetch(self._bridge, self._spec)
            self._on_fetched(self)
        detail = decode(self._answer.detail_json) or {}
        if self._answer.failed:
            raise from_record(detail["error"], self._answer.failed)
        return detail.get("result")


class NothingToDo:
    """The result of an operation that has no implementation, in standard mode: `get()` is None at once."""

    def get(self) -> None:
        """Nothing ran."""


def start(bridge: Bridge, spec: Spec, on_fetched: Any) -> WorkflowTaskResult:
    """Start a task in standard mode."""
    bridge.ask(Asked(spec))
    return WorkflowTaskResult(bridge, spec, on_fetched)
