"""Operations of the plugin."""

from cloudify import ctx
from cloudify.decorators import operation
from cloudify.exceptions import NonRecoverableError


@operation(resumable=True)
def run(belt, **_):
    """Run the belt between scale and chute, as fast as the import says."""
    known = {name: one.get("value") for name, one in ctx.plugin.properties.items()}
    if belt not in known["belts"]:
        raise NonRecoverableError(f"{known['site']} has no belt {belt!r}")
    ctx.source.instance.runtime_properties["speed"] = known["speed"]
    ctx.source.instance.update()


@operation(resumable=True)
def take(parcels, above, up_to, **_):
    """Take the parcels of the right weight."""
    taken = [weight for weight in parcels if above < weight <= up_to]
    ctx.instance.runtime_properties["parcels"] = len(taken)
    return len(taken)
