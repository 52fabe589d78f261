"""Operations of the weather stations."""

from cloudify import ctx
from cloudify.decorators import operation


@operation(resumable=True)
def tune(**_):
    """Each radio has a channel of its own, counted from 1."""
    ctx.instance.runtime_properties["channel"] = ctx.instance.index


@operation(resumable=True)
def calibrate(channel, offset, **_):
    """Tell a sensor by which channel it sends, and what it is to add."""
    ctx.instance.runtime_properties["channel"] = channel
    ctx.instance.runtime_properties["offset"] = offset
