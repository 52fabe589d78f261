"""Step 3: what people can read while it runs, and in the journal afterwards."""

from cloudify.decorators import workflow
from cloudify.workflows import ctx


@workflow
def prune_all(**_):
    """Prune every plant, and say so.

    An event is a task like any other: after a crash it is not sent again.
    """
    ctx.send_event("the gardener comes").get()
    plants = list(ctx.node_instances)
    for plant in plants:
        plant.send_event("is next").get()
        plant.execute_operation("care.prune").get()
        plant.send_event("is pruned", additional_context={"of": len(plants)}).get()
    ctx.logger.info("%d plants are pruned", len(plants))
    ctx.send_event("the gardener goes").get()
