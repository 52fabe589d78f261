"""Operations that the three servers have in common. All are safe to repeat."""

from __future__ import annotations

from typing import Any

from cloudify import ctx
from cloudify.decorators import operation
from cloudify.exceptions import RecoverableError

from . import servers
from .files import remove_tree
from .steps import host_folder, node_step, own_folder

_OF_A_RUNNING_SERVER = ("pid", "start_time", "port", "url")


@operation(resumable=True)
def create(**_: Any) -> None:
    """Make the server's folder on its host."""
    with node_step():
        folder = host_folder() / ctx.instance.id
        for path in (folder, folder / "grants", folder / "upstreams"):
            path.mkdir(parents=True, exist_ok=True)
        ctx.instance.runtime_properties["folder"] = str(folder)


@operation(resumable=True)
def start(role: str, **_: Any) -> None:
    """Start the server, or find the one that an interrupted attempt has started."""
    with node_step():
        try:
            found = servers.start(own_folder(), role, ctx.instance.id)
        except servers.ServerError as error:
            raise RecoverableError(str(error)) from error
        properties = ctx.instance.runtime_properties
        for name in _OF_A_RUNNING_SERVER:
            properties[name] = getattr(found, name)
    ctx.logger.info("%s listens at %s (process %d)", found.instance, found.url, found.pid)


@operation(resumable=True)
def stop(**_: Any) -> None:
    """Stop the server; one that does not live, or was never created, is as good."""
    with node_step():
        folder = ctx.instance.runtime_properties.get("folder")
        if folder:
            try:
                servers.stop(own_folder())
            except servers.ServerError as error:
                raise RecoverableError(str(error)) from error
        for name in _OF_A_RUNNING_SERVER:
            ctx.instance.runtime_properties.pop(name, None)


@operation(resumable=True)
def delete(**_: Any) -> None:
    """Remove the server's folder."""
    with node_step():
        folder = ctx.instance.runtime_properties.get("folder")
        if folder:
            remove_tree(own_folder())
        ctx.instance.runtime_properties.clear()
