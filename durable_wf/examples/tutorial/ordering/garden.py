"""What the gardener can do in a garden: here it is all the same to him, the order is not."""

import time
from pathlib import Path

from cloudify import ctx
from cloudify.decorators import operation


@operation(resumable=True)
def tend(**_):
    """Do it, and remember that it was done."""
    time.sleep(ctx.node.properties["pace"])
    with Path(ctx.node.properties["diary"]).open("a", encoding="utf-8") as diary:
        diary.write(f"{ctx.operation.name} {ctx.instance.id}\n")
    ctx.instance.runtime_properties[ctx.operation.name] = "done"
