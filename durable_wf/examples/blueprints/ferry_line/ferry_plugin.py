"""Operations of a ferry line."""

from cloudify import ctx
from cloudify.decorators import operation
from cloudify.exceptions import NonRecoverableError


@operation(resumable=True)
def moor(depth, draught, **_):
    """Lie down at the quay, if there is enough water."""
    clearance = round(depth - draught, 2)
    if clearance <= 0:
        raise NonRecoverableError(f"the ship needs {draught} m, and there are {depth} m at this quay")
    ctx.instance.runtime_properties["clearance"] = clearance
