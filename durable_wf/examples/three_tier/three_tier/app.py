"""Operations of an application that its tier does not share. All are safe to repeat."""

from __future__ import annotations

from typing import Any

from cloudify import ctx
from cloudify.decorators import operation
from cloudify.exceptions import RecoverableError

from .files import write_json
from .steps import folder_of, node_step, own_folder, source_step


@operation(resumable=True)
def configure(greeting: str, **_: Any) -> None:
    """Write the application's configuration."""
    with node_step():
        path = own_folder() / "config.json"
        write_json(path, {"greeting": greeting})
        ctx.instance.runtime_properties["config"] = str(path)


@operation(resumable=True)
def learn_database(database_url: str | None, **_: Any) -> None:
    """Write the database's address into the application's configuration."""
    with source_step():
        if not database_url:
            raise RecoverableError(f"{ctx.target.instance.id} has no address yet")
        write_json(folder_of(ctx.source.instance) / "database.json", {"url": database_url})
        ctx.source.instance.runtime_properties["database_url"] = database_url


@operation(resumable=True)
def forget_database(**_: Any) -> None:
    """Take the address out again."""
    with source_step():
        folder = ctx.source.instance.runtime_properties.get("folder")
        if folder:
            (folder_of(ctx.source.instance) / "database.json").unlink(missing_ok=True)
        ctx.source.instance.runtime_properties.pop("database_url", None)
