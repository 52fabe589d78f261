"""The context of a workflow. Source: reference/workflow-api.md §2.

Whatever it reads of the storage is as it was at the workflow's view, which moves only by
`refresh_node_instances()`, a recorded task.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.authoring.cancelling import fetch
from durable_wf.authoring.deployment_ctx import WorkflowDeploymentContext
from durable_wf.authoring.elsewhere import ServerCalls
from durable_wf.authoring.functions import path_of
from durable_wf.authoring.internal import Internal
from durable_wf.authoring.modifications import Doors
from durable_wf.authoring.operation_ctx import Named
from durable_wf.authoring.operations import timeouts
from durable_wf.authoring.recorded import from_record
from durable_wf.authoring.requests import effect_spec, local_spec, operation_spec
from durable_wf.authoring.resource_copy import BlueprintFiles
from durable_wf.authoring.results import WorkflowTaskResult
from durable_wf.authoring.snapshot import WorkflowNodesAndInstancesContainer
from durable_wf.authoring.stored_objects import Raw
from durable_wf.authoring.task_config import settings_of
from durable_wf.codec import decode
from durable_wf.model.events import Asked, Begins
from durable_wf.model.rows import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from durable_wf.authoring.graphs import TaskDependencyGraph
    from durable_wf.authoring.node_instances import CloudifyWorkflowNodeInstance
    from durable_wf.authoring.nodes import CloudifyWorkflowNode
    from durable_wf.authoring.services import Bridge, Topology
    from durable_wf.authoring.speech import Speech
    from durable_wf.model.commands import Answer
    from durable_wf.model.events import Spec

DEFAULT_WAIT_AFTER_FAIL_S = 600.0


class WorkflowContext(ServerCalls):
    """`ctx` of a workflow; `CloudifyWorkflowContext` in the older system.

    dry_run          operations and writes are shown, and not done
    wait_after_fail  seconds that independent branches may go on after the first failure of a graph
    """

    local = True

    def __init__(
        self,
        bridge: Bridge,
        topology: Topology | None,
        *,
        execution_id: str,
        workflow_id: str,
        options: Mapping[str, Any],
        speech: Speech,
        record: Mapping[str, Any] | None = None,
    ) -> None:
        self.execution_id = execution_id
        self.workflow_id = workflow_id
        self.deployment = WorkflowDeploymentContext(self, topology, Doors(self._ask, self._write))
        self.blueprint = Named(topology.blueprint if topology is not None else None)
        self.tenant = {}
        self.amqp_handlers: set[Any] = set()
        self.dry_run = bool(options.get("dry_run"))
        self.wait_after_fail: float = options.get("wait_after_fail", DEFAULT_WAIT_AFTER_FAIL_S)
        self.internal = Internal(self, bridge, topology, options, speech)
        self.logger = self.internal.new_logger(f"ctx.{execution_id}")
        self._record = dict(record or {})
        self._snapshot: tuple[int | None, WorkflowNodesAndInstancesContainer] | None = None
        self.view_seq: int | None = None

    # ------------------------------------------------------------------ the engine's side

    def begin(self) -> None:
        """Ask where the view stands; called once, before the function."""
        self.view_seq = self.internal.bridge.call(Begins()).seq

    def _view(self) -> WorkflowNodesAndInstancesContainer:
        """All as it is at the view; kept with its seq, for a local task may look from a thread of its own meanwhile."""
        at, kept = self.view_seq, self._snapshot
        if kept is not None and kept[0] == at:
            return kept[1]
        topology = self.internal.topology
        if topology is None:
            made = WorkflowNodesAndInstancesContainer(self, {}, [], {})
        else:
            now = topology.nodes(at), topology.instances(at), topology.scaling(at)
            made = WorkflowNodesAndInstancesContainer(self, *now)
        self._snapshot = at, made
        return made

    def _write(self, spec: Spec) -> Answer:
        """A recorded task that moves the view; whatever the mode, it is done at once.

        raises  what it failed with
        """
        answer = self._ask(spec)
        self.view_seq = answer.seq
        return answer

    def _ask(self, spec: Spec) -> Answer:
        """A recorded task; raises what it failed with."""
        self.internal.bridge.ask(Asked(spec))
        answer = fetch(self.internal.bridge, spec)
        if answer.failed:
            raise from_record(decode(answer.detail_json)["error"], answer.failed)
        return answer

    # ------------------------------------------------------------------ what it shows

    @property
    def resume(self) -> bool:
        """True from where the execution was first resumed on; in a replay it answers as it did then."""
        return self.internal.bridge.resumed

    @property
    def nodes(self) -> Iterator[CloudifyWorkflowNode]:
        """All nodes, by name."""
        return self._view().nodes

    @property
    def node_instances(self) -> Iterator[CloudifyWorkflowNodeInstance]:
        """All node instances, by node and index."""
        return self._view().node_instances

    @property
    def bootstrap_context(self) -> Mapping[str, Any]:
        """Empty: nothing was bootstrapped."""
        return self.internal.bootstrap_context

    def get_node(self, node_id: str) -> CloudifyWorkflowNode | None:
        """The node, or None."""
        return self._view().get_node(node_id)

    def get_node_instance(self, node_instance_id: str) -> CloudifyWorkflowNodeInstance | None:
        """The instance, or None."""
        return self._view().get_node_instance(node_instance_id)

    def get_execution(self, execution_id: str | None = None) -> Raw | None:
        """This execution, as it is while its function runs; None for any other, which may be another in a replay."""
        if execution_id not in (None, self.execution_id):
            return None
        return Raw(
            id=self.execution_id,
            workflow_id=self.workflow_id,
            deployment_id=self.deployment.id,
            blueprint_id=self.blueprint.id,
            is_dry_run=self.dry_run,
            status="started",
            **self._record,
        )

    def download_resource(self, resource_path: str, target_path: str | None = None) -> str:
        """Copy a file that lies beside the blueprint; the path of the copy.

        target_path  where to; without it, a file of the same name in a new temporary folder
        raises       ResourceNotFound with near names; NonRecoverableError for a file elsewhere, or with no deployment
        """
        return BlueprintFiles(self.internal.topology).download_resource(resource_path, target_path)

    # ------------------------------------------------------------------ the storage

    def refresh_node_instances(self) -> None:
        """Move the view to now. Makes new objects."""
        self._write(effect_spec(Kind.REFRESH))

    def update_node_instance(
        self,
        node_instance_id: str,
        version: int = 0,
        state: str | None = None,
        runtime_properties: dict[str, Any] | None = None,
        system_properties: dict[str, Any] | None = None,
        relationships: Any = None,  # noqa: ARG002 - taken and left aside, there as here (workflow-api §9.3)
        force: bool = False,
    ) -> Raw:
        """Write a node instance, replacing what is given, and move the view. In a dry run nothing is written.

        version  the present one must be named, unless a state is given or `force`
        returns  the instance as it is stored then
        raises   StorageConflictError; KeyError when there is no such instance
        """
        given = {"runtime_properties": runtime_properties, "system_properties": system_properties, "state": state}
        if self.dry_run:
            self.internal.start(effect_spec(Kind.DRY_RUN, "update_node_instance", node_instance_id, **given)).get()
            stored = self.internal.handler.storage.get_node_instance(node_instance_id)
            return Raw(stored | {key: value for key, value in given.items() if value is not None})
        before = self.get_node_instance(node_instance_id)
        spec = effect_spec(Kind.UPDATE_INSTANCE, "", node_instance_id, version=version, force=force, **given)
        stored = decode(self._write(spec).detail_json)["result"]
        after = self.get_node_instance(node_instance_id)
        if before is not None and after is not None:
            before.become(after)
        return Raw(stored, deployment_id=self.deployment.id)

    # ------------------------------------------------------------------ what it can be asked for

    def graph_mode(self) -> TaskDependencyGraph:
        """Switch to graph mode; the same graph again while it is empty. There is no way back.

        raises  RuntimeError while tasks of standard mode are not fetched, or while the graph holds tasks
        """
        return self.internal.switch_to_graph_mode()

    def send_event(
        self,
        event: str,
        event_type: str = "workflow_stage",
        args: Any = None,
        additional_context: dict[str, Any] | None = None,
    ) -> Any:
        """A task that writes an event about the execution."""
        context = {**(additional_context or {}), **({"arguments": args} if args else {})}
        return self.internal.emit(
            effect_spec(Kind.EVENT, event_type, event=str(event), event_type=event_type, context=context)
        )

    def update_execution_status(self, new_status: str) -> Any:
        """A task that fails with NotImplementedError: the status of an execution is what its journal says."""
        return self.internal.emit(effect_spec(Kind.EXECUTION_STATUS, new_status, status=new_status))

    def execute_task(
        self,
        task_name: str | Callable[..., Any],
        local: bool = True,  # noqa: ARG002 - there are no other machines
        task_queue: str | None = None,  # noqa: ARG002 - as above
        task_target: str | None = None,  # noqa: ARG002 - as above
        kwargs: dict[str, Any] | None = None,
        node_context: dict[str, Any] | None = None,
        send_task_events: bool = True,
        total_retries: int | None = None,
        retry_interval: float | None = None,
        timeout: float | None = None,
        timeout_recoverable: bool | None = None,
    ) -> Any:
        """A task that runs a function as an operation, of the deployment or of a node instance.

        task_name     `module.function`, `module:function`, or an importable function
        node_context  `{"node_id": ...}` with an instance's id: the operation has its node and instance
        raises        RuntimeError when there is no such instance
        """
        function = task_name if isinstance(task_name, str) else path_of(task_name)
        target, about = self._subject(node_context or {})
        return self.internal.emit(
            operation_spec(
                self.internal.defaults,
                name=function,
                target=target,
                function=function,
                kwargs=kwargs or {},
                about=about | timeouts(timeout, timeout_recoverable),
                retries=total_retries,
                interval=retry_interval,
                events=send_task_events,
            )
        )

    def remote_task(
        self,
        kwargs: dict[str, Any],
        cloudify_context: dict[str, Any],
        task_id: str | None = None,
        task_queue: str | None = None,
        task_target: str | None = None,
        send_task_events: bool = True,
        total_retries: int | None = None,
        retry_interval: float | None = None,
    ) -> Any:
        """A task that runs the function `cloudify_context["task_name"]`, in the context that is given there.

        raises  KeyError without a function; RuntimeError when there is no such instance
        """
        made = self.execute_task(
            cloudify_context["task_name"],
            task_queue=task_queue,
            task_target=task_target,
            kwargs={key: value for key, value in kwargs.items() if key != "__cloudify_context"},
            node_context=cloudify_context,
            send_task_events=send_task_events,
            total_retries=total_retries,
            retry_interval=retry_interval,
            timeout=cloudify_context.get("timeout"),
            timeout_recoverable=cloudify_context.get("timeout_recoverable"),
        )
        if task_id is not None:
            task = made.task if isinstance(made, WorkflowTaskResult) else made
            task.id = task_id
        return made

    def _subject(self, context: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """What an operation is about: its target, and what its own context shows (workflow-api §7.1)."""
        if not context.get("node_id"):
            return "", {}
        instance = self._instance(context["node_id"])
        operation, plugin, related = (context.get(key) or {} for key in ("operation", "plugin", "related"))
        given = {"name": operation.get("name"), "plugin": plugin.get("name") if isinstance(plugin, dict) else plugin}
        about: dict[str, Any] = {"node": instance.node_id} | {key: value for key, value in given.items() if value}
        if not related:
            return instance.id, about
        other = self._instance(related["node_id"])
        if related.get("is_target"):
            return f"{instance.id}->{other.id}", about | {"relationship": "source"}
        return f"{other.id}->{instance.id}", about | {"relationship": "target"}

    def _instance(self, node_instance_id: str) -> CloudifyWorkflowNodeInstance:
        found = self.get_node_instance(node_instance_id)
        if found is None:
            text = f"there is no node instance '{node_instance_id}'"
            raise RuntimeError(text)
        return found

    def local_task(
        self,
        local_task: Callable[..., Any],
        node: Any = None,
        info: Any = None,
        kwargs: dict[str, Any] | None = None,
        task_id: str | None = None,
        name: str | None = None,
        send_task_events: bool = True,
        override_task_config: bool = False,
        total_retries: int | None = None,
        retry_interval: float | None = None,
    ) -> Any:
        """A task that runs any callable in a worker thread; its result goes through JSON.

        Of settings, the callable's own (`task_config`) win over what is given here, and that over the execution's;
        with `override_task_config` what is given here wins (workflow-api §2.2).

        node  for information only
        """
        given = {
            "kwargs": kwargs,
            "name": name,
            "info": info,
            "send_task_events": send_task_events,
            "total_retries": total_retries,
            "retry_interval": retry_interval,
        }
        usual = self.internal.get_task_configuration()
        config = settings_of(local_task, usual, given, override=override_task_config)
        spec = local_spec(
            self.internal.defaults,
            local_task,
            name=str(config.get("name") or getattr(local_task, "__name__", type(local_task).__name__)),
            kwargs=config.get("kwargs") or {},
            retries=config["total_retries"],
            interval=config["retry_interval"],
            events=bool(config["send_task_events"]),
        )
        return self.internal.emit(spec, info=config.get("info"), node=node, id=task_id)
