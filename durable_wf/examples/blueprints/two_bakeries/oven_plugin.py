"""Operations of an oven."""

from cloudify import ctx
from cloudify.decorators import operation


@operation(resumable=True)
def bake(loaves, minutes, **_):
    """Bake once; a warm oven would not bake more."""
    ctx.logger.info("%s loaves, %s minutes", loaves, minutes)
    ctx.instance.runtime_properties["baked"] = loaves
