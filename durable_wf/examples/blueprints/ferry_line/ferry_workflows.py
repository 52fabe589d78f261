"""The workflow of a ferry line."""

from cloudify.decorators import workflow


@workflow(resumable=True)
def moor(ctx, **_):
    """Moor every ship, one after the other."""
    for ship in sorted(ctx.node_instances, key=lambda one: one.id):
        ship.execute_operation("ferry.moor").get()
