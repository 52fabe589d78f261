"""Building task graphs."""

from durable_wf.authoring.graphs import SubgraphTask, TaskDependencyGraph, TaskSequence, forkjoin

__all__ = ["SubgraphTask", "TaskDependencyGraph", "TaskSequence", "forkjoin"]
