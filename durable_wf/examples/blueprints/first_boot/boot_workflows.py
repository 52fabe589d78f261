"""The workflow of the settings."""

from cloudify.decorators import workflow


@workflow(resumable=True)
def render(ctx, **_):
    """Render the text."""
    for one in ctx.get_node("settings").instances:
        one.execute_operation("boot.render").get()
