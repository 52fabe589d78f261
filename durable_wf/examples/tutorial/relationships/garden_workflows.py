"""Step 5: operations of relationships, each at its source and at its target."""

from cloudify.decorators import workflow
from cloudify.workflows import ctx


@workflow
def water_all(**_):
    """For each plant: attach its hoses, water it, detach them; the plants side by side."""
    graph = ctx.graph_mode()
    for plant in ctx.get_node("rose").instances:
        hoses = [link for link in plant.relationships if link.relationship.is_derived_from("garden.hose")]
        line = graph.sequence()
        for hose in hoses:
            line.add(hose.execute_source_operation("hose.attach"), hose.execute_target_operation("hose.attach"))
        line.add(plant.execute_operation("care.water"))
        for hose in reversed(hoses):
            line.add(hose.execute_target_operation("hose.detach"), hose.execute_source_operation("hose.detach"))
    graph.execute()
