"""Operations of the site: what all hosts share."""

from __future__ import annotations

from typing import Any

from cloudify import ctx
from cloudify.decorators import operation

from .files import remove_tree, write_json
from .steps import node_step, own_folder


@operation(resumable=True)
def create(**_: Any) -> None:
    """Make the folders."""
    with node_step() as scratch:
        folder = scratch / "site"
        for path in (folder, scratch / "hosts"):
            path.mkdir(parents=True, exist_ok=True)
        ctx.instance.runtime_properties["folder"] = str(folder)


@operation(resumable=True)
def configure(title: str, **_: Any) -> None:
    """Write down what the shop is called."""
    with node_step():
        path = own_folder() / "site.json"
        write_json(path, {"title": title})
        ctx.instance.runtime_properties["config"] = str(path)


@operation(resumable=True)
def delete(**_: Any) -> None:
    """Remove the folders; the books of the shop are kept."""
    with node_step() as scratch:
        for path in (scratch / "site", scratch / "hosts"):
            remove_tree(path)
        ctx.instance.runtime_properties.clear()
