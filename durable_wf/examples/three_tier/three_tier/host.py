"""Operations of a host: a folder that plays a machine."""

from __future__ import annotations

from typing import Any

from cloudify import ctx
from cloudify.decorators import operation

from .files import remove_tree, write_json
from .steps import node_step, own_folder


@operation(resumable=True)
def create(**_: Any) -> None:
    """Make the host's folder."""
    with node_step() as scratch:
        folder = scratch / "hosts" / ctx.instance.id
        folder.mkdir(parents=True, exist_ok=True)
        ctx.instance.runtime_properties["folder"] = str(folder)


@operation(resumable=True)
def configure(**_: Any) -> None:
    """Write down the host's name and address."""
    with node_step():
        path = own_folder() / "host.json"
        write_json(path, {"name": ctx.instance.id, "ip": ctx.node.properties["ip"]})
        ctx.instance.runtime_properties["config"] = str(path)
        ctx.instance.runtime_properties["ip"] = ctx.node.properties["ip"]


@operation(resumable=True)
def delete(**_: Any) -> None:
    """Remove the host's folder."""
    with node_step() as scratch:
        remove_tree(scratch / "hosts" / ctx.instance.id)
        ctx.instance.runtime_properties.clear()
