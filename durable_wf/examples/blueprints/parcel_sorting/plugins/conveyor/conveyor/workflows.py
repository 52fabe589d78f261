"""The workflow of the plugin."""

from cloudify.decorators import workflow


@workflow(resumable=True)
def sort(ctx, parcels, **_):
    """Run the belts, then fill the chutes from the lightest to the heaviest; returns how many parcels were taken."""
    chutes = [node for node in ctx.nodes if "conveyor.nodes.Chute" in node.type_hierarchy]
    above, taken = 0.0, 0
    for node in sorted(chutes, key=lambda one: one.properties["up_to"]):
        for chute in node.instances:
            for belt in chute.relationships:
                belt.execute_source_operation("conveyor.run").get()
            arguments = {"parcels": parcels, "above": above}
            done = chute.execute_operation("conveyor.take", kwargs=arguments, allow_kwargs_override=True)
            taken += done.get()
        above = node.properties["up_to"]
    return taken
