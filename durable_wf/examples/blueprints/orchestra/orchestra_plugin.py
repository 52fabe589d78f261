"""Operations of the musicians."""

from cloudify import ctx
from cloudify.decorators import operation


@operation(resumable=True)
def arrive(**_):
    """Sit down."""
    ctx.instance.runtime_properties["played"] = []


@operation(resumable=True)
def play(instrument, piece, bars, **_):
    """Play some bars of a piece."""
    ctx.logger.info("%s: %s, %s bars", instrument, piece, bars)
    played = ctx.instance.runtime_properties.get("played", [])
    ctx.instance.runtime_properties["played"] = [*played, piece]
