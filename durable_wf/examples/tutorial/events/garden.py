"""What the gardener can do to a plant."""

import time
from pathlib import Path

from cloudify import ctx
from cloudify.decorators import operation


@operation(resumable=True)
def prune(**_):
    """Cut the plant back. Lines of `ctx.logger` are events of this attempt."""
    time.sleep(ctx.node.properties["pace"])
    with Path(ctx.node.properties["diary"]).open("a", encoding="utf-8") as diary:
        diary.write(f"{ctx.operation.name} {ctx.instance.id}\n")
    ctx.logger.info("snip, snip: %s number %d", ctx.node.name, ctx.instance.index)
    ctx.instance.runtime_properties["pruned"] = True
