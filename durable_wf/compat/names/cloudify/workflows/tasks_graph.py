"""Building task graphs."""

from durable_wf.authoring.graphs import SubgraphTask, TaskDependencyGraph, TaskSequence, forkjoin
from durable_wf.authoring.named_graphs import make_or_get_graph

__all__ = ["SubgraphTask", "TaskDependencyGraph", "TaskSequence", "forkjoin", "make_or_get_graph"]
