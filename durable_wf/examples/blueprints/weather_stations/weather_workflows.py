"""Workflows of the weather stations."""

from cloudify.decorators import workflow
from cloudify.workflows.tasks_graph import forkjoin


@workflow(resumable=True)
def tune(ctx, **_):
    """Give every radio its channel."""
    graph = ctx.graph_mode()
    graph.sequence().add(forkjoin(*[one.execute_operation("weather.tune") for one in _instances(ctx, "radio")]))
    graph.execute()


@workflow(resumable=True)
def calibrate(ctx, node_instance_ids, offsets, **_):
    """Calibrate some sensors, or all, at once; returns their ids."""
    graph = ctx.graph_mode()
    chosen = [one for one in _instances(ctx, "sensor") if not node_instance_ids or one.id in node_instance_ids]
    padded = [*offsets, *[offsets[-1]] * len(chosen)]
    work = [
        one.execute_operation("weather.calibrate", kwargs={"offset": offset}, allow_kwargs_override=True)
        for one, offset in zip(chosen, padded, strict=False)
    ]
    graph.sequence().add(forkjoin(*work))
    graph.execute()
    return [one.id for one in chosen]


def _instances(ctx, node):
    return sorted(ctx.get_node(node).instances, key=lambda one: one.id)
