"""Step 1: the same operation on every instance of a type, one after the other."""

from cloudify.decorators import workflow
from cloudify.workflows import ctx


@workflow
def water_all(**_):
    """Water every plant; returns how many litres that took."""
    litres = 0
    for node in ctx.nodes:
        if "garden.Plant" in node.type_hierarchy:
            for instance in node.instances:
                litres += instance.execute_operation("care.water").get()
    return litres
