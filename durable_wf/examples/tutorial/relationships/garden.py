"""What is done to a plant, and at both ends of a hose."""

import time
from pathlib import Path

from cloudify import ctx
from cloudify.decorators import operation
from cloudify.exceptions import NonRecoverableError


@operation(resumable=True)
def water(**_):
    """Water the plant, if there is pressure on its hose."""
    if "bars" not in ctx.instance.runtime_properties:
        raise NonRecoverableError(f"{ctx.instance.id} has no hose")
    _note(ctx.node, ctx.instance.id)
    ctx.instance.runtime_properties["watered"] = True


@operation(resumable=True)
def attach(bars, **_):
    """At the plant: `ctx.source` may be changed, and so may `ctx.target`."""
    _note(ctx.source.node, _hose())
    ctx.source.instance.runtime_properties["bars"] = bars


@operation(resumable=True)
def detach(**_):
    """At the plant."""
    _note(ctx.source.node, _hose())
    ctx.source.instance.runtime_properties.pop("bars", None)


@operation(resumable=True)
def open_valve(**_):
    """At the tap: one valve for each hose, so that hoses do not meet."""
    _note(ctx.source.node, _hose())
    ctx.target.instance.runtime_properties[ctx.source.instance.id] = "open"


@operation(resumable=True)
def close_valve(**_):
    """At the tap."""
    _note(ctx.source.node, _hose())
    ctx.target.instance.runtime_properties[ctx.source.instance.id] = "closed"


def _hose():
    return f"{ctx.source.instance.id}->{ctx.target.instance.id} at the {ctx.operation.relationship}"


def _note(node, about):
    time.sleep(node.properties["pace"])
    with Path(node.properties["diary"]).open("a", encoding="utf-8") as diary:
        diary.write(f"{ctx.operation.name} {about}\n")
