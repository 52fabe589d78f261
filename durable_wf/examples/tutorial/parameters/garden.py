"""What the gardener can do to a plant."""

import time
from pathlib import Path

from cloudify import ctx
from cloudify.decorators import operation


@operation(resumable=True)
def water(litres, **_):
    """Water the plant."""
    _note()
    ctx.instance.runtime_properties["litres"] = litres


@operation(resumable=True)
def feed(grams, **_):
    """Give it fertiliser."""
    _note()
    ctx.instance.runtime_properties["grams"] = grams


def _note():
    time.sleep(ctx.node.properties["pace"])
    with Path(ctx.node.properties["diary"]).open("a", encoding="utf-8") as diary:
        diary.write(f"{ctx.operation.name} {ctx.instance.id}\n")
