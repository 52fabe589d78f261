"""Operations of the settings."""

from cloudify import ctx
from cloudify.decorators import operation


@operation(resumable=True)
def render(text, **_):
    """Keep the length of the finished text: a secret is in it, which belongs on the machine, not in the journal."""
    ctx.instance.runtime_properties["lines"] = len(text.splitlines())
