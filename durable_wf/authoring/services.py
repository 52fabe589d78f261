"""What contexts ask of the engine. The engine gives an implementation; nothing here knows a journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, MutableMapping, Sequence
    from pathlib import Path

    from durable_wf.graph.looks import Seen
    from durable_wf.model.commands import Answer, Consult
    from durable_wf.model.events import Asked, Begins, Decides, Executes, Gets, Level, Spec
    from durable_wf.model.modification import PlannedModification
    from durable_wf.model.plan import Blueprint, Node, Plugin
    from durable_wf.model.protocol import InstanceData, OperationOutcome, PropertyUpdate, Updated


class Bridge(Protocol):
    """How the workflow function's thread talks to the core (`scheduler.hosted.Hosted`)."""

    @property
    def resumed(self) -> bool:
        """Whether what the function is doing was first done after its execution had been resumed."""
        ...

    def ask(self, event: Asked) -> None:
        """Ask for a task without waiting."""
        ...

    def call(self, event: Begins | Gets) -> Answer:
        """Ask and wait."""
        ...

    def execute(self, event: Executes | Decides) -> Answer | Consult:
        """Run a graph until it has ended, or until a handler of one of its tasks must be asked.

        A `Consult` is answered by the next call, with its `Decides`. In between nothing else may be asked for.
        """
        ...

    @property
    def cancel_callbacks(self) -> MutableMapping[Callable[[], Any], None]:
        """Called when the function is told of a cancel request; their order counts, their values do not."""
        ...

    def has_cancel_request(self) -> bool:
        """Whether the function has been told of a cancel request; takes one that waits."""
        ...

    def request_cancel(self, level: Level) -> None:
        """Ask for a cancel of the function's own execution."""
        ...

    def look(self, specs: Sequence[Spec], *, shown: bool = False) -> list[Seen]:
        """How tasks stand, as of what the function was shown last: the same in replay as live.

        shown  the function sees a failure by this: it counts as shown, as by a `get()` that raises it
        """
        ...


class Topology(Protocol):
    """The deployment of an execution: what does not change while it runs, and its instances by seq."""

    deployment: str
    blueprint: str
    source: str  # the blueprint's main file
    plan: Blueprint
    inputs: Mapping[str, Any]
    settings: Mapping[str, Any]
    plugins: Mapping[str, Plugin]

    def fits(self, type_name: str | None, value: Any) -> bool:
        """Whether a value fits a type of the language or a data type of the blueprint; None: anything does."""
        ...

    def nodes(self, at: int | None = None) -> Mapping[str, Node]:
        """The nodes by name, now or as they were at seq `at`."""
        ...

    def instances(self, at: int | None = None) -> list[InstanceData]:
        """The node instances by id, now or as they were at seq `at`."""
        ...

    def instance(self, instance_id: str) -> InstanceData | None:
        """One instance as it is now."""
        ...

    def scaling(self, at: int | None = None) -> Mapping[str, tuple[int, int]]:
        """Current and planned number of instances of nodes and groups of which they were changed; as `nodes`."""
        ...

    def modification(self, uid: str) -> tuple[PlannedModification, int]:
        """What a modification was planned to do, and the seq at which it was applied. raises KeyError."""
        ...

    def names(self, at: int | None = None) -> list[str]:
        """Names of all deployments of the journal, sorted; only those that were there at seq `at`."""
        ...

    def other(self, deployment: str) -> Topology:
        """A deployment of the journal by name. raises KeyError."""
        ...


class Services(Protocol):
    """What one attempt of an operation may ask for while it runs. From any thread."""

    def update(self, wanted: PropertyUpdate) -> Updated:
        """Commit runtime properties, and wait for that.

        raises  RunnerStopping where nobody writes for the execution any more: the operation is to end
        """
        ...

    def end(self, outcome: OperationOutcome, guarded: Mapping[str, int | None]) -> list[InstanceData]:
        """Commit the attempt's outcome, unless handlers of conflicts have to be asked first.

        guarded  by id of each instance with a handler, the revision that it must still be at; None: no key of
                 `outcome.changes` may conflict
        returns  the instances, as they are now, whose handlers are to be asked; then nothing was written
        raises   as `update`
        """
        ...

    def blueprint_folder(self) -> Path | None:
        """The folder of the blueprint's main file; None without a deployment."""
        ...

    def workdir(self) -> Path:
        """A folder of the deployment's own, made if it is not there.

        raises  StorageError
        """
        ...
