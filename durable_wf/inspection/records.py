"""What `--json` prints, as records. `schema/output.schema.json` is made from them.

Names are the reference's where it has one (blueprint-dsl §15, workflow-api §5). Instants are ISO texts in UTC. A
field that ends in `_` is printed without it. Fields are only ever added; a change of meaning raises SCHEMA_VERSION.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

SCHEMA_VERSION = 1


def plain(value: Any) -> Any:
    """A record as JSON data."""
    if is_dataclass(value):
        return {item.name.rstrip("_"): plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


@dataclass(frozen=True, slots=True)
class Execution:
    """One run of a workflow.

    state       as in the journal, but interrupted as soon as its runner is gone
    is_dry_run  operations and writes were shown only
    """

    id: str
    workflow_id: str
    deployment_id: str | None
    state: str
    created_at: str
    started_at: str | None
    ended_at: str | None
    is_dry_run: bool


@dataclass(frozen=True, slots=True)
class Error:
    """An exception as it was recorded.

    type    `module:qualname`
    causes  what led to it, each with type, message and traceback
    """

    type: str
    message: str
    traceback: str
    causes: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Task:
    """One durable unit of an execution's work.

    number   counts within the execution; what `resume --from` takes
    path     graph, subgraphs, and its own name with target and how-many-th
    target   the node instance that it is about, or `source->target`; null for none
    error    of the attempt that failed last
    """

    number: int
    path: str
    kind: str
    name: str
    target: str | None
    state: str
    attempts: int
    error: Error | None


@dataclass(frozen=True, slots=True)
class Runner:
    """Who runs an execution, or ran it last.

    alive  whether it holds the execution now
    """

    pid: int
    since: str
    alive: bool


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """The strongest request to cancel an execution: who asked, when and why.

    level  cancel, force or kill
    """

    level: str
    by: str
    reason: str | None
    at: str


@dataclass(frozen=True, slots=True)
class Resume:
    """What a resume would do with the tasks: how many, and the ones that a person should look at.

    refused      why it would not begin, or null
    reset        failed; run again
    again        interrupted; run again because that is safe or was agreed to
    asked        interrupted; a person must say whether they may run again
    superseded   asked for after the failure, or the cancel request, was shown to the workflow; never matched again
    rolled_back  those of `superseded` that ran; needs --accept-changes
    """

    refused: str | None
    kept: int
    waiting: int
    reset: list[str]
    again: list[str]
    asked: list[str]
    superseded: list[str]
    rolled_back: list[str]


@dataclass(frozen=True, slots=True)
class Modification:
    """A change of a deployment's numbers of instances.

    status        started, finished or rolledback
    execution_id  of the one that started it
    """

    id: str
    deployment_id: str
    status: str
    execution_id: str
    created_at: str
    ended_at: str | None


@dataclass(frozen=True, slots=True)
class ExecutionDetail(Execution):
    """One run of a workflow, with all that is known about how it went.

    tasks    how many by state
    unknown  tasks whose newest attempt was begun by a runner that is gone: nobody knows how it ended
    report   what differed when code and journal did not match, in two columns
    cancel   null where nobody has asked to cancel it, or a person has resumed it since
    resume   null where there is nothing to resume
    modifications  those of its deployment that it has started, oldest first
    """

    function: str
    parameters: dict[str, Any]
    options: dict[str, Any]
    result: Any
    error: Error | None
    ended_by: list[int]
    tasks: dict[str, int]
    failed: list[Task]
    unknown: list[Task]
    runner: Runner | None
    report: str | None
    cancel: CancelRequest | None = None
    resume: Resume | None = None
    modifications: list[Modification] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """A transition (it has a seq) or an event that people sent or logged (it has an id).

    subject  execution, graph, task, attempt, node_instance, modification, modification_step; or event
    path     of the task, or of the graph
    detail   what came with it: a result, an error, who asked
    """

    seq: int | None
    id: int | None
    at: str
    subject: str
    task: int | None
    path: str | None
    what: str
    from_: str | None
    to: str | None
    event: str
    attempt: int | None
    fence: int | None
    level: str | None
    message: str | None
    detail: Any


@dataclass(frozen=True, slots=True)
class DryRun(ExecutionDetail):
    """A run that was shown and not done. It is in no journal.

    flow  what happened in it, in order
    """

    flow: list[JournalEntry] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class MessageText:
    """What an event or log says. `arguments` is what the text was made with, or null."""

    text: str
    arguments: Any


@dataclass(frozen=True, slots=True)
class Message:
    """An event (type `cloudify_event`) or a log (`cloudify_log`), in the reference's shape (workflow-api §12.2).

    event_type     null for a log
    logger, level  null for an event
    context        what it is about: execution, deployment, and where it has them task, attempt, node, operation
    """

    type: str
    event_type: str | None
    timestamp: str
    logger: str | None
    level: str | None
    message: MessageText
    context: dict[str, Any]
    message_code: str | None


def message_record(found: dict[str, Any]) -> Message:
    """What `inspection.events` tells, as a record."""
    said = found["message"]
    return Message(
        found["type"], found.get("event_type"), found["timestamp"], found.get("logger"), found.get("level"),
        MessageText(said["text"], said.get("arguments")), found["context"], found["message_code"],
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Relationship:
    """From one node instance to another."""

    type: str
    target_name: str
    target_id: str


@dataclass(frozen=True, slots=True)
class Constraint:
    """A condition on a parameter's value. `error_message` is the author's, or empty."""

    operator: str
    argument: Any
    error_message: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A declared parameter of a workflow. `default` means nothing where `required` is true."""

    name: str
    type: str | None
    item_type: str | None
    description: str
    required: bool
    default: Any
    constraints: list[Constraint]


@dataclass(frozen=True, slots=True)
class Availability:
    """When a workflow may be started; empty lists ask nothing."""

    available: bool
    node_instances_active: list[str]
    node_types_required: list[str]


@dataclass(frozen=True, slots=True)
class Workflow:
    """A workflow that a deployment can run."""

    name: str
    plugin: str
    function: str
    parameters: list[Parameter]
    is_cascading: bool
    availability_rules: Availability


@dataclass(frozen=True, slots=True)
class Outputs:
    """The outputs of a deployment, by name; one that cannot be evaluated is an `<ERROR: …>` text."""

    outputs: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The capabilities of a deployment, by name; one that cannot be evaluated is an `<ERROR: …>` text."""

    capabilities: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Deleted:
    """That a deployment was deleted."""

    id: str
    deleted: bool = True
