"""Node instances and their relationships as a workflow sees them. Source: reference/workflow-api.md §2.4, §2.5.

They are snapshots at the workflow's view: an operation's changes are seen after `ctx.refresh_node_instances()`.
"""

from __future__ import annotations

from copy import deepcopy
from functools import cached_property
from typing import TYPE_CHECKING, Any

from durable_wf.authoring.fixed_set import FixedSet, fixed_hash
from durable_wf.authoring.operations import Subject, run_operation
from durable_wf.authoring.requests import effect_spec
from durable_wf.authoring.speech import make_logger
from durable_wf.authoring.stored_objects import raw_instance
from durable_wf.model.rows import Kind

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterator

    from durable_wf.authoring.nodes import CloudifyWorkflowNode, CloudifyWorkflowRelationship
    from durable_wf.authoring.stored_objects import Raw
    from durable_wf.authoring.workflow_ctx import WorkflowContext
    from durable_wf.model.protocol import InstanceData


class CloudifyWorkflowNodeInstance:
    """An instance of a node, as it was at the workflow's view. Equal by id, so that sets survive a refresh.

    modification  `added` or `removed` in what a modification shows; None for what it does not change
    """

    modification: str | None = None

    def __init__(
        self,
        ctx: WorkflowContext,
        node: CloudifyWorkflowNode,
        data: InstanceData,
        relationships: list[CloudifyWorkflowRelationshipInstance],
        contained: list[CloudifyWorkflowNodeInstance],
    ) -> None:
        self.ctx = ctx
        self.node = node
        self.id = data.id
        self.node_id = node.id
        self.deployment_id = ctx.deployment.id
        self._relationships = relationships
        self._contained = contained
        self._take(data)

    def become(self, newer: CloudifyWorkflowNodeInstance) -> None:
        """Show what `newer`, the same instance at a later view, shows."""
        self._take(newer._data)

    def _take(self, data: InstanceData) -> None:
        self._data = data
        self.state = data.state
        self.version = data.version
        self.index = data.index
        self.host_id = data.host_id
        self.runtime_properties = deepcopy(data.runtime_properties)
        self.system_properties = deepcopy(data.system_properties)

    @property
    def scaling_groups(self) -> list[dict[str, Any]]:
        """The scaling groups that it is in, nearest first: `{"id": …, "name": …}` each; copies."""
        return deepcopy(self._data.scaling_groups)

    @property
    def _node_instance(self) -> Raw:
        return raw_instance(self._data, self.deployment_id)

    @cached_property
    def logger(self) -> logging.Logger:
        """`ctx.<execution id>-<instance id>`: its lines are the workflow's, about this instance."""
        speech = self.ctx.internal.speech.about(node_id=self.id, node_name=self.node_id)
        return make_logger(f"ctx.{self.ctx.execution_id}-{self.id}", speech)

    @property
    def relationships(self) -> Iterator[CloudifyWorkflowRelationshipInstance]:
        """Its relationships, in the order of declaration."""
        return iter(self._relationships)

    @property
    def contained_instances(self) -> list[CloudifyWorkflowNodeInstance]:
        """Instances directly contained in it, by id."""
        return list(self._contained)

    def get_contained_subgraph(self) -> FixedSet[CloudifyWorkflowNodeInstance]:
        """Itself and everything contained in it, however deep: a set that goes by id."""
        found = FixedSet([self])
        left = [self]
        while left:
            inner = [one for one in left.pop().contained_instances if one not in found]
            found.update(inner)
            left.extend(inner)
        return found

    def set_state(self, state: str) -> Any:
        """A task that sets the instance's state; any text is accepted. In a dry run it does nothing."""
        return self.ctx.internal.emit(effect_spec(Kind.SET_STATE, state, self.id, state=state))

    def get_state(self) -> Any:
        """A task whose result is the state in the storage when it runs."""
        return self.ctx.internal.emit(effect_spec(Kind.GET_STATE, "", self.id))

    def send_event(self, event: str, additional_context: dict[str, Any] | None = None) -> Any:
        """A task that writes an event about this instance."""
        context = {**(additional_context or {}), "node_id": self.id, "node_name": self.node_id}
        return self.ctx.internal.emit(
            effect_spec(
                Kind.EVENT,
                "workflow_node_event",
                self.id,
                event=str(event),
                event_type="workflow_node_event",
                context=context,
            )
        )

    def execute_operation(
        self,
        operation: str,
        kwargs: dict[str, Any] | None = None,
        allow_kwargs_override: bool = False,
        send_task_events: bool = True,
    ) -> Any:
        """A task that runs an operation of the node; one that is not implemented does nothing.

        raises  RuntimeError for a key that both the operation's inputs and `kwargs` have (workflow-api §2.5)
        """
        return run_operation(
            self.ctx,
            operation,
            self.node.operations,
            Subject(self.id, self.node_id),
            kwargs,
            override=allow_kwargs_override,
            send_task_events=send_task_events,
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CloudifyWorkflowNodeInstance) and other.id == self.id

    def __hash__(self) -> int:
        return fixed_hash(self.id)

    def __repr__(self) -> str:
        return f"<CloudifyWorkflowNodeInstance {self.id}>"


class CloudifyWorkflowRelationshipInstance:
    """A relationship between two instances."""

    def __init__(
        self,
        ctx: WorkflowContext,
        source: CloudifyWorkflowNodeInstance,
        target_id: str,
        relationship: CloudifyWorkflowRelationship,
    ) -> None:
        self._ctx = ctx
        self.node_instance = source
        self.source_id = source.id
        self.target_id = target_id
        self.relationship = relationship
        self.type = relationship.type

    @property
    def target_node_instance(self) -> CloudifyWorkflowNodeInstance | None:
        """The instance it points at."""
        return self._ctx.get_node_instance(self.target_id)

    def execute_source_operation(
        self,
        operation: str,
        kwargs: dict[str, Any] | None = None,
        allow_kwargs_override: bool = False,
        send_task_events: bool = True,
    ) -> Any:
        """A task that runs an operation at the near end."""
        subject = Subject(self._target, self.node_instance.node_id, "source")
        return run_operation(
            self._ctx, operation, self.relationship.source_operations, subject, kwargs,
            override=allow_kwargs_override, send_task_events=send_task_events,
        )  # fmt: skip

    def execute_target_operation(
        self,
        operation: str,
        kwargs: dict[str, Any] | None = None,
        allow_kwargs_override: bool = False,
        send_task_events: bool = True,
    ) -> Any:
        """A task that runs an operation at the far end."""
        subject = Subject(self._target, self.relationship.target_id, "target")
        return run_operation(
            self._ctx, operation, self.relationship.target_operations, subject, kwargs,
            override=allow_kwargs_override, send_task_events=send_task_events,
        )  # fmt: skip

    @property
    def _target(self) -> str:
        return f"{self.source_id}->{self.target_id}"

    def __repr__(self) -> str:
        return f"<CloudifyWorkflowRelationshipInstance {self.type} {self._target}>"
