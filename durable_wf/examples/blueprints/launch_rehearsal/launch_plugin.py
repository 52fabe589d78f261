"""Operations of a stage."""

from pathlib import Path

from cloudify import ctx
from cloudify.decorators import operation
from cloudify.exceptions import NonRecoverableError, RecoverableError

MENDED = Path("mended")


@operation(resumable=True)
def step(fails_at, **_):
    """A step; the one that is named fails, until somebody has mended it: until there is a file `mended`."""
    name = ctx.operation.name.rpartition(".")[2]
    if name == fails_at and not MENDED.exists():
        raise NonRecoverableError(f"{ctx.node.name}: the step '{name}' was told to fail; mend it: touch {MENDED}")
    done = ctx.instance.runtime_properties.get("steps", [])
    ctx.instance.runtime_properties["steps"] = [*done, name]


@operation(resumable=True)
def count(fails_at, bad_weather, **_):
    """Count down, as soon as the weather is good."""
    if ctx.operation.retry_number < bad_weather:
        raise RecoverableError("there is too much wind")
    step(fails_at)
