"""What contexts ask of the engine. The engine gives an implementation; nothing here knows a journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from durable_wf.model.commands import Answer
    from durable_wf.model.events import Asked, FromFunction
    from durable_wf.model.plan import Node, Plugin
    from durable_wf.model.protocol import InstanceData


class Bridge(Protocol):
    """How the workflow function's thread talks to the core (`scheduler.hosted.Hosted`)."""

    @property
    def resumed(self) -> bool:
        """Whether what the function is doing was first done after its execution had been resumed."""
        ...

    def ask(self, event: Asked) -> None:
        """Ask for a task without waiting."""
        ...

    def call(self, event: FromFunction) -> Answer:
        """Ask and wait."""
        ...


class Topology(Protocol):
    """The deployment of an execution: what does not change while it runs, and its instances by seq."""

    deployment: str
    blueprint: str
    inputs: Mapping[str, Any]
    settings: Mapping[str, Any]
    plugins: Mapping[str, Plugin]

    def nodes(self, at: int | None = None) -> Mapping[str, Node]:
        """The nodes by name, now or as they were at seq `at`."""
        ...

    def instances(self, at: int | None = None) -> list[InstanceData]:
        """The node instances by id, now or as they were at seq `at`."""
        ...

    def instance(self, instance_id: str) -> InstanceData | None:
        """One instance as it is now."""
        ...
