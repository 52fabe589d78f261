"""The order in which a deployment would be installed, told from its plan: nothing of anybody's code is loaded or run.

The steps are those that `installing` builds: it is given instances and graphs that only note what is asked of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

from durable_wf.authoring.sequences import forkjoin
from durable_wf.builtin.installing import install_node_instance_subgraph

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from durable_wf.model.plan import DeploymentPlan, Node, Operation, PlannedInstance, Relationship

INSTALL = "cloudify.plugins.workflows.install"

_UNNAMED = ("lifecycle", "relationship_lifecycle", "host")  # interfaces whose operations are known by their own names


class Stage(NamedTuple):
    """Node instances that are installed alike, and after the same number of others.

    position    1 for those that wait for nothing, 2 for those that wait only for these, and so on; one that waits
                only for an operation of another counts as any other
    nodes       their nodes, in the order of declaration
    instances   how many they are
    operations  that run for each of them, in order; relationships' ones as often as the node has such relationships
    """

    position: int
    nodes: list[str]
    instances: int
    operations: list[str]


def outline(plan: DeploymentPlan) -> list[Stage]:
    """The stages of an install, in order; what is alike in one of them is one."""
    positions = _positions(plan.instances)
    steps = {name: tuple(_operations(node)) for name, node in plan.nodes.items()}
    found: dict[tuple[int, tuple[str, ...]], dict[str, int]] = {}
    for instance in plan.instances:
        nodes = found.setdefault((positions[instance.id], steps[instance.node]), {})
        nodes[instance.node] = nodes.get(instance.node, 0) + 1
    stages = [Stage(at, list(nodes), sum(nodes.values()), list(ran)) for (at, ran), nodes in found.items()]
    return sorted(stages, key=lambda one: one.position)


def _positions(instances: tuple[PlannedInstance, ...]) -> dict[str, int]:
    """How many instances one after the other come before each, and one."""
    targets = {one.id: {each.target_id for each in one.relationships} for one in instances}
    waiting: dict[str, list[str]] = {}
    for source, wanted in targets.items():
        for target in wanted:
            waiting.setdefault(target, []).append(source)
    left = {source: len(wanted) for source, wanted in targets.items()}
    found = {source: 1 for source, count in left.items() if not count}
    free = list(found)
    for target in free:
        for source in waiting.get(target, ()):
            left[source] -= 1
            found[source] = max(found.get(source, 1), found[target] + 1)
            if not left[source]:
                free.append(source)
    return {source: found.get(source, 1) for source in targets}


def _operations(node: Node) -> Iterator[str]:
    """What an install runs for an instance of a node."""
    built = install_node_instance_subgraph(cast("Any", _Instance(node)), cast("Any", _Sketch()))
    return cast("_Sketch", built).names()


class _Task:
    """A task that is never run. name: of what it runs; empty for a state or an event."""

    on_success: Any = None

    def __init__(self, name: str = "", *, runs: bool = True) -> None:
        self.name = name
        self._runs = runs

    def is_nop(self) -> bool:
        """Whether the operation is not implemented."""
        return not self._runs


class _Sketch:
    """A graph or a subgraph that only notes what is put into it; its own sequence, for all is one after the other."""

    on_failure: Any = None

    def __init__(self) -> None:
        self._elements: list[Any] = []

    def subgraph(self, name: str) -> _Sketch:
        """Another one; a sequence puts it where it belongs."""
        del name
        return _Sketch()

    def sequence(self) -> _Sketch:
        """Where elements are added."""
        return self

    def add(self, *elements: Any) -> None:
        """Put these after the others."""
        self._elements.extend(elements)

    def names(self) -> Iterator[str]:
        """The names of all operations."""
        for element in self._elements:
            if isinstance(element, _Sketch):
                yield from element.names()
            else:
                tasks = element.tasks if isinstance(element, forkjoin) else (element,)
                yield from (task.name for task in tasks if task.name)


class _Instance:
    """An instance of a node before anything has run."""

    id = ""
    state = "uninitialized"

    def __init__(self, node: Node) -> None:
        self.node = node

    def send_event(self, event: str) -> _Task:
        del event
        return _Task()

    def set_state(self, state: str) -> _Task:
        del state
        return _Task()

    def execute_operation(self, name: str, **_: Any) -> _Task:
        return _task(self.node.operations, name)

    @property
    def relationships(self) -> Iterator[_Relationship]:
        return map(_Relationship, self.node.relationships)


class _Relationship:
    def __init__(self, plan: Relationship) -> None:
        self._plan = plan

    @property
    def relationship(self) -> _Relationship:
        return self

    @property
    def target_id(self) -> str:
        return self._plan.target

    def execute_source_operation(self, name: str) -> _Task:
        return _task(self._plan.source_operations, name)

    def execute_target_operation(self, name: str) -> _Task:
        return _task(self._plan.target_operations, name)


def _task(operations: Mapping[str, Operation], name: str) -> _Task:
    plan = operations.get(name)
    interface, _, short = name.rpartition(".")
    kind = interface.rpartition(".")[2]
    return _Task(short if kind in _UNNAMED else f"{kind}.{short}", runs=plan is not None and not plan.is_noop)
