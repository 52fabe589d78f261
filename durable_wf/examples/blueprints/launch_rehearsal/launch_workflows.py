"""The workflow of the rehearsal."""

from cloudify.decorators import workflow


@workflow(resumable=True)
def rehearse(ctx, **_):
    """Close, fuel and count, each at every stage in turn."""
    graph = ctx.graph_mode()
    sequence = graph.sequence()
    for name in ("close", "fuel", "count"):
        for stage in ("first_stage", "second_stage"):
            sequence.add(*[one.execute_operation(f"launch.{name}") for one in ctx.get_node(stage).instances])
    graph.execute()
