"""Step 2: a workflow that is told what to do, and does it everywhere at once."""

from cloudify.decorators import workflow
from cloudify.workflows import ctx, parameters


@workflow
def tend(operation, type_name, **_):
    """Run an operation on every plant of a type; returns how many there were.

    What is declared in the blueprint arrives as arguments, and stands in `parameters` as well.
    """
    begun = [
        instance.execute_operation(operation, kwargs=parameters.operation_kwargs, allow_kwargs_override=True)
        for node in ctx.nodes
        if type_name in node.type_hierarchy
        for instance in node.instances
    ]
    for task in begun:
        task.get()
    return len(begun)
