"""Workflows of a bakery: as the namespace of the workflow says, so is the node called."""

from cloudify.decorators import workflow


@workflow(resumable=True)
def bake(ctx, **_):
    """Bake in the ovens of the bakery that this workflow belongs to; returns their ids."""
    namespace = ctx.workflow_id.rpartition("--")[0]
    name = f"{namespace}--oven" if namespace else "oven"
    baked = []
    for oven in sorted(ctx.get_node(name).instances, key=lambda one: one.id):
        oven.execute_operation("bakery.bake").get()
        baked.append(oven.id)
    return baked
