"""scale: a node or a scaling group gets more instances, or less. Source: workflow-api §10.8; blueprint-dsl §16.

A resume finds the modification that was started by its recorded start: it is never looked for, and never begun twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from durable_wf.authoring.exceptions import ExecutionCancelled
from durable_wf.builtin import lifecycle
from durable_wf.builtin.hints import Entity, Hints, as_ids, check_hints
from durable_wf.builtin.selection import present

if TYPE_CHECKING:
    from durable_wf.authoring.graphs import TaskDependencyGraph
    from durable_wf.authoring.modifications import Modification, ModificationNodes
    from durable_wf.authoring.node_instances import CloudifyWorkflowNodeInstance
    from durable_wf.authoring.workflow_ctx import WorkflowContext

    Some = list[CloudifyWorkflowNodeInstance]

_NOT_THERE = ("uninitialized", "deleted")


class Options(NamedTuple):
    """What a person may choose; as the workflow's parameters."""

    scale_compute: bool
    ignore_failure: bool
    include_instances: Any
    exclude_instances: Any
    rollback_if_failed: bool
    abort_started: bool


def scale(ctx: WorkflowContext, name: str, delta: Any, options: Options) -> None:
    """Add `delta` instances in each place where the entity is, or take as many away.

    raises  ValueError, RuntimeError for what cannot be asked for, before anything is begun; WorkflowFailed;
            ExecutionCancelled, which leaves the modification started, for a resume to go on with
    """
    more = _number(delta)
    if more == 0:
        ctx.logger.info("The delta is 0: nothing is scaled.")
        return
    hints = Hints(as_ids(options.include_instances), as_ids(options.exclude_instances))
    if more > 0 and any(hints):
        text = f"Instances cannot be included or excluded when scaling out, by a delta of {more}"
        raise ValueError(text)
    entity = _entity(ctx, name, scale_compute=options.scale_compute)
    wanted = entity.current + more
    if wanted < 0:
        text = f"Provided delta: {more} is illegal. '{entity.name}' has {entity.current} instances"
        raise ValueError(text)
    started = ctx.deployment.list_started_modifications() if options.abort_started else []
    if any(hints):
        leaving = {one.id for each in started for one in _own(each.added)}
        check_hints(ctx, entity, wanted, hints, scale_compute=options.scale_compute, leaving=leaving)
    graph = ctx.graph_mode()
    for one in started:
        _abort(ctx, graph, one, options)
    _Scaling(ctx, graph, name, options).run({
        entity.name: {
            "instances": wanted,
            "removed_ids_include_hint": hints.include,
            "removed_ids_exclude_hint": hints.exclude,
        }
    }, out=more > 0)  # fmt: skip


def _number(delta: Any) -> int:
    """raises ValueError for what is no whole number, whatever it is written as."""
    try:
        found = int(delta)
    except (TypeError, ValueError, OverflowError):
        found = None
    if found is None or (isinstance(delta, float) and found != delta):
        text = f"The delta parameter must be a number. Got: {delta!r}"
        raise ValueError(text)
    return found


def _entity(ctx: WorkflowContext, name: str, *, scale_compute: bool) -> Entity:
    """What is scaled: a group of the name before a node; of a node its host, if that is asked for and there is one."""
    group = ctx.deployment.scaling_groups.get(name)
    if group is not None:
        return Entity(name, group=True, current=group["properties"]["current_instances"])
    node = ctx.get_node(name)
    if node is None:
        text = f"No scalable entity named {name} was found"
        raise ValueError(text)
    if scale_compute:
        node = node.host_node or node
    return Entity(node.id, group=False, current=node.number_of_instances)


def _abort(ctx: WorkflowContext, graph: TaskDependencyGraph, modification: Modification, options: Options) -> None:
    """Uninstall what a modification that was begun before has added, and take it back."""
    ctx.logger.info("Aborting the deployment modification '%s'", modification.id)
    added, related = present(ctx, _own(modification.added)), present(ctx, _related(modification.added))
    if added:
        lifecycle.uninstall_node_instances(graph, added, options.ignore_failure, related, "abort_")
    modification.rollback()


class _Scaling:
    """One modification, from its start to its end.

    name  of the entity, as the person knows it: graphs are named by it
    """

    def __init__(self, ctx: WorkflowContext, graph: TaskDependencyGraph, name: str, options: Options) -> None:
        self._ctx = ctx
        self._graph = graph
        self._options = options
        self._prefix = f"{name}_"

    def run(self, wanted: dict[str, Any], *, out: bool) -> None:
        """Start it, do what it means to instances, and finish it; or take it back where that fails.

        A cancel is no failure: who resumes goes on.
        """
        modification = self._ctx.deployment.start_modification(wanted)
        try:
            if out:
                self._install(modification)
            else:
                self._uninstall(modification)
        except ExecutionCancelled:
            raise
        except Exception as error:
            if self._options.rollback_if_failed:
                self._ctx.logger.warning("Rolling back the deployment modification '%s': %s", modification.id, error)
                if out:
                    self._take_back(modification)
                modification.rollback()
            raise
        modification.finish()

    def _install(self, modification: Modification) -> None:
        added, related = _own(modification.added), _related(modification.added)
        lifecycle.install_node_instances(self._graph, added, related, self._prefix)

    def _uninstall(self, modification: Modification) -> None:
        """Those that stay find their new targets before the old ones go."""
        self._connect(modification)
        removed, related = _own(modification.removed), _related(modification.removed)
        lifecycle.uninstall_node_instances(self._graph, removed, self._options.ignore_failure, related, self._prefix)

    def _connect(self, modification: Modification) -> None:
        """Run `establish` of relationships that instances which stay have gained to others which stay."""
        there = {one.id for one in modification.extended.node_instances}
        gained: dict[str, set[str]] = {}
        for one in modification.extended.node_instances:
            for each in one.relationships:
                if each.target_id in there:
                    gained.setdefault(one.node_id, set()).add(each.relationship.target_id)
        if gained:
            lifecycle.LifecycleProcessor(
                self._graph,
                related_nodes=modification.extended.node_instances,
                modified_relationship_ids={node: sorted(targets) for node, targets in gained.items()},
                name_prefix=self._prefix,
            ).install()

    def _take_back(self, modification: Modification) -> None:
        """Leave nothing outside of what was added: what is half made goes back, what is made is uninstalled."""
        for task in list(self._graph.tasks_iter()):
            self._graph.remove_task(task)
        self._ctx.refresh_node_instances()
        added, related = _own(modification.added), _related(modification.added)
        lifecycle.rollback_node_instances(
            self._graph,
            present(self._ctx, added),
            related_nodes=present(self._ctx, related),
            name_prefix=self._prefix,
        )
        self._ctx.refresh_node_instances()
        made = [one for one in present(self._ctx, added) if one.state not in _NOT_THERE]
        if made:
            there = {one.id for one in made}
            others = [one for one in (*added, *related) if one.id not in there]
            lifecycle.uninstall_node_instances(
                self._graph,
                made,
                ignore_failure=True,
                related_nodes=present(self._ctx, others),
                name_prefix=self._prefix,
            )


def _own(nodes: ModificationNodes) -> Some:
    """Those that the modification adds or removes."""
    return [one for one in nodes.node_instances if one.modification is not None]


def _related(nodes: ModificationNodes) -> Some:
    """The others that it shows."""
    return [one for one in nodes.node_instances if one.modification is None]
