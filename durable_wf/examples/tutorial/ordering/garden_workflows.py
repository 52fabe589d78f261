"""Step 4: a graph. In graph mode calls make tasks; `sequence` and `forkjoin` say what waits for what."""

from cloudify.decorators import workflow
from cloudify.workflows import ctx
from cloudify.workflows.tasks_graph import forkjoin


@workflow
def spring(**_):
    """Dig all beds, then bring up all plants, side by side."""
    graph = ctx.graph_mode()
    beds = ctx.get_node("bed").instances
    roses = ctx.get_node("rose").instances
    graph.sequence().add(
        ctx.send_event("spring begins"),
        forkjoin(*[bed.execute_operation("care.dig") for bed in beds]),
        ctx.send_event("the ground is ready"),
        forkjoin(*[bring_up(graph, rose) for rose in roses]),
        ctx.send_event("everything grows"),
    )
    graph.execute()


def bring_up(graph, rose):
    """One plant: a subgraph, which is a task of its own for those outside."""
    part = graph.subgraph(f"bring up {rose.id}")
    part.sequence().add(
        forkjoin(rose.set_state("creating"), rose.send_event("goes into the ground")),
        rose.execute_operation("care.plant"),
        forkjoin(rose.execute_operation("care.water"), rose.execute_operation("care.mulch")),
        forkjoin(rose.set_state("started"), rose.send_event("grows")),
    )
    return part
