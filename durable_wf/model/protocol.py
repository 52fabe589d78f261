"""How an operation is run: a request in, an outcome out, both plain data. Every executor speaks it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

MISSING: Any = ...  # in a property change: the key was not there, or is to be removed


class Status(StrEnum):
    """How an attempt ended."""

    SUCCEEDED = "succeeded"
    RETRY = "retry"  # the operation asked to be tried again
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class InstanceData:
    """A node instance as an operation is given it.

    revision           rises with every write of it, whatever is written
    relationships      one mapping per relationship: type, target_name, target_id, position
    scaling_groups     one mapping per group that it is in: id, name
    system_properties  what the engine and its built-in workflows keep of it
    """

    id: str
    node: str
    index: int
    state: str
    version: int
    revision: int
    runtime_properties: dict[str, Any]
    relationships: list[dict[str, Any]]
    host_id: str | None
    scaling_groups: list[dict[str, Any]]
    system_properties: dict[str, Any]


@dataclass(slots=True)
class OperationRequest:
    """One attempt of a task, as a worker gets it. Not to be changed; frozen would make each cost six times as much.

    idempotency_key  the same over all attempts until a person resets the task
    body             the task's stored request: function, kwargs, operation, policy (see `authoring.requests`)
    parameters_json  the execution's parameters
    instances        by role: `self`, or `source` and `target`
    retry_number     retries decided before this attempt; 0 for the first
    """

    execution_uid: str
    workflow: str
    deployment: str | None
    blueprint: str | None
    task: int
    attempt: int
    fence: int
    idempotency_key: str
    kind: int
    name: str
    body: dict[str, Any]
    retry_number: int
    max_retries: int
    resumed: bool
    instances: dict[str, InstanceData] = field(default_factory=dict)
    parameters_json: str = "{}"


class Logged(NamedTuple):
    """What somebody says while it runs: a log line, or an event that is not a task (workflow-api §12).

    at_us         wall time
    type          `workflow_log`, `plugin_log`, or an event's type
    context_json  what was given beside the text, or None
    """

    at_us: int
    level: str
    text: str
    type: str
    context_json: str | None = None


class PropertyChange(NamedTuple):
    """A runtime property that an operation changed; MISSING for a key that was or is not there."""

    key: str
    read: Any
    value: Any


class PropertyUpdate(NamedTuple):
    """What an operation that still runs wants to be committed of one instance's runtime properties.

    revision  write only while the instance is still at this revision; None merges by key
    """

    instance: str
    changes: list[PropertyChange]
    revision: int | None = None


class Updated(NamedTuple):
    """What became of a `PropertyUpdate`.

    data      the instance as it is afterwards; None if it is not there any more
    conflict  the first key that somebody else has changed too: `read` is what it is now; None if there is none
    written   False where nothing was written: a conflict, or another revision
    """

    data: InstanceData | None
    conflict: PropertyChange | None
    written: bool


@dataclass(slots=True)
class OperationOutcome:
    """How an attempt ended.

    began_us, ended_us  wall time
    result_json         canonical JSON of what it returned; None for None
    error               `type`, `message`, `arguments`, `traceback`, `causes`, as in the journal; None on success
    recoverable         False where no retry may follow
    retry_after_s       the delay the failure asks for
    changes             runtime properties that it changed, by instance id
    logs                what it said and what was not delivered while it ran
    """

    status: Status
    began_us: int
    ended_us: int
    result_json: str | None = None
    error: dict[str, Any] | None = None
    recoverable: bool = True
    retry_after_s: float | None = None
    changes: dict[str, list[PropertyChange]] = field(default_factory=dict)
    logs: list[Logged] = field(default_factory=list)
