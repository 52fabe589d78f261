"""What authors touch: the contexts of workflows and operations, nodes, tasks, graphs, exceptions."""
