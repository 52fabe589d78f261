"""Workflow: look at each machine's disk, then pack, one machine after the other."""

from cloudify.state import workflow_ctx as ctx
from cloudify.state import workflow_parameters as parameters

for name in parameters["node_ids"]:
    for machine in sorted(ctx.get_node(name).instances, key=lambda one: one.id):
        machine.execute_operation("backup.look").get()
        machine.execute_operation("backup.pack").get()
