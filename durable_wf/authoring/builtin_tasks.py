"""Tasks whose effect is in the journal: states of node instances, and events. Source: workflow-api §3.3.

They end in the commit of their effect, are never retried, and emit no task events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.authoring import settings
from durable_wf.authoring.home import home_of
from durable_wf.authoring.requests import effect_spec
from durable_wf.authoring.settings import Setting
from durable_wf.authoring.tasks import EngineTask
from durable_wf.codec import decode
from durable_wf.model.rows import Kind

if TYPE_CHECKING:
    from durable_wf.model.events import Spec

NODE_EVENT = "workflow_node_event"


class _BuiltinTaskBase(EngineTask):
    """A task whose effect is in the journal: never retried."""

    __slots__ = ()

    _shown = ""  # which of its arguments `info` shows
    send_task_events = Setting[bool]("send_task_events", settings.flag, default=False)

    def __init__(self, spec: Spec, workflow_context: Any = None, task_id: str | None = None, **more: Any) -> None:
        self.settle(home_of(workflow_context), spec)
        self.fill(task_id, None, more.get("on_success"), more.get("on_failure"))

    @property
    def info(self) -> Any:
        """What it sets, says or reads, unless something else was set."""
        return self.__dict__["_info"] if "_info" in self.__dict__ else self.kwargs[self._shown]

    @info.setter
    def info(self, info: Any) -> None:
        self.__dict__["_info"] = info

    @property
    def name(self) -> str:
        """The name of the class, unless it was given another one."""
        return str(self.__dict__.get("_name", type(self).__name__))

    @name.setter
    def name(self, name: str) -> None:
        self.__dict__["_name"] = name

    def task_kwargs(self) -> dict[str, Any]:
        """What it was made with."""
        return self.kwargs


class SetNodeInstanceStateTask(_BuiltinTaskBase):
    """Sets the state of a node instance."""

    __slots__ = ()

    _shown = "state"

    def __init__(self, node_instance_id: str, state: str, workflow_context: Any = None, **more: Any) -> None:
        super().__init__(effect_spec(Kind.SET_STATE, state, node_instance_id, state=state), workflow_context, **more)

    @property
    def kwargs(self) -> dict[str, Any]:
        """What it was made with."""
        return {"node_instance_id": self.spec.target, "state": self.spec.name}


class GetNodeInstanceStateTask(_BuiltinTaskBase):
    """Reads the state of a node instance from the storage."""

    __slots__ = ()

    _shown = "node_instance_id"

    def __init__(self, node_instance_id: str, workflow_context: Any = None, **more: Any) -> None:
        super().__init__(effect_spec(Kind.GET_STATE, "", node_instance_id), workflow_context, **more)

    @property
    def kwargs(self) -> dict[str, Any]:
        """What it was made with."""
        return {"node_instance_id": self.spec.target}


class SendNodeEventTask(_BuiltinTaskBase):
    """Writes an event about a node instance."""

    __slots__ = ()

    _shown = "event"

    def __init__(
        self,
        node_instance_id: str,
        event: str,
        additional_context: dict[str, Any] | None = None,
        workflow_context: Any = None,
        **more: Any,
    ) -> None:
        spec = effect_spec(
            Kind.EVENT,
            NODE_EVENT,
            node_instance_id,
            event=str(event),
            event_type=NODE_EVENT,
            context={**(additional_context or {}), "node_id": node_instance_id},
        )
        super().__init__(spec, workflow_context, **more)

    @property
    def kwargs(self) -> dict[str, Any]:
        """What it was made with."""
        said = decode(self.spec.request)["kwargs"]
        context = {key: value for key, value in said["context"].items() if key != "node_id"}
        return {"node_instance_id": self.spec.target, "event": said["event"], "additional_context": context}


class SendWorkflowEventTask(_BuiltinTaskBase):
    """Writes an event about the execution."""

    __slots__ = ()

    _shown = "event"

    def __init__(
        self,
        event: str,
        event_type: str = "workflow_stage",
        event_args: Any = None,
        additional_context: dict[str, Any] | None = None,
        workflow_context: Any = None,
        **more: Any,
    ) -> None:
        context = {**(additional_context or {}), **({"arguments": event_args} if event_args else {})}
        spec = effect_spec(Kind.EVENT, event_type, event=str(event), event_type=event_type, context=context)
        super().__init__(spec, workflow_context, **more)

    @property
    def kwargs(self) -> dict[str, Any]:
        """What it was made with."""
        said = decode(self.spec.request)["kwargs"]
        context = dict(said["context"])
        arguments = context.pop("arguments", None)
        return {
            "event": said["event"],
            "event_type": said["event_type"],
            "event_args": arguments,
            "additional_context": context,
        }


class UpdateExecutionStatusTask(_BuiltinTaskBase):
    """Would set the execution's status; fails, as in the reference's local mode: the journal says what it is."""

    __slots__ = ()

    _shown = "status"

    def __init__(self, status: str, workflow_context: Any = None, **more: Any) -> None:
        super().__init__(effect_spec(Kind.EXECUTION_STATUS, status, status=status), workflow_context, **more)
