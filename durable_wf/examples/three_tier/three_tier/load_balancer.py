"""Operations of the load balancer that its tier does not share."""

from __future__ import annotations

from typing import Any

from cloudify import ctx
from cloudify.decorators import operation
from cloudify.exceptions import RecoverableError

from .files import append_numbered, write_json
from .steps import folder_of, node_step, own_folder, source_step


@operation(resumable=True)
def configure(**_: Any) -> None:
    """Write the load balancer's configuration: the folder that lists its upstreams."""
    with node_step():
        path = own_folder() / "config.json"
        write_json(path, {"upstreams": str(own_folder() / "upstreams")})
        ctx.instance.runtime_properties["config"] = str(path)


@operation(resumable=True)
def add_upstream(app_url: str | None, **_: Any) -> None:
    """List the application: one file each, so that six operations at once do not write one file."""
    with source_step():
        app = ctx.target.instance.id
        if not app_url:
            raise RecoverableError(f"{app} has no address yet")
        write_json(folder_of(ctx.source.instance) / "upstreams" / f"{app}.json", {"url": app_url})
        ctx.source.instance.runtime_properties[f"upstream_{app}"] = app_url


@operation(resumable=True)
def drop_upstream(**_: Any) -> None:
    """Take the application off the list."""
    with source_step():
        app = ctx.target.instance.id
        folder = ctx.source.instance.runtime_properties.get("folder")
        if folder:
            (folder_of(ctx.source.instance) / "upstreams" / f"{app}.json").unlink(missing_ok=True)
        ctx.source.instance.runtime_properties.pop(f"upstream_{app}", None)


@operation  # not resumable: what is announced twice stands twice in the register
def announce(url: str | None, **_: Any) -> int:
    """Enter the shop's address in the public register."""
    with node_step() as scratch:
        number = append_numbered(scratch / "books" / "register.jsonl", {"by": ctx.instance.id, "url": url})
        ctx.instance.runtime_properties["announcement"] = number
    return number
