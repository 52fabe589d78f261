"""The workflow of the book shop."""

from cloudify.decorators import workflow

START = "cloudify.interfaces.lifecycle.start"
LINK = "cloudify.interfaces.relationship_lifecycle"


@workflow(resumable=True)
def wire_up(ctx, **_):
    """Start every server, then connect them: accounts first, and each node's connections one after the other."""
    graph = ctx.graph_mode()
    instances = sorted(ctx.node_instances, key=lambda one: one.id)
    links = [link for one in instances for link in sorted(one.relationships, key=lambda link: link.target_id)]
    sequence = graph.sequence()
    for one in instances:
        sequence.add(one.execute_operation(START))
    for step in ("preconfigure", "establish"):
        for link in links:
            sequence.add(link.execute_target_operation(f"{LINK}.{step}"))
            sequence.add(link.execute_source_operation(f"{LINK}.{step}"))
    graph.execute()
    return len(links)
