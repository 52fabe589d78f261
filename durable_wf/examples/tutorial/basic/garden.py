"""What the gardener can do to a plant."""

import time
from pathlib import Path

from cloudify import ctx
from cloudify.decorators import operation


@operation(resumable=True)  # twice does no harm
def water(litres, **_):
    """Water the plant, and write it into the diary."""
    time.sleep(ctx.node.properties["pace"])
    with Path(ctx.node.properties["diary"]).open("a", encoding="utf-8") as diary:
        diary.write(f"{ctx.operation.name} {ctx.instance.id}\n")
    ctx.instance.runtime_properties["litres"] = litres
    return litres
