"""Operations of the database that its tier does not share."""

from __future__ import annotations

from typing import Any

from cloudify import ctx
from cloudify.decorators import operation

from .files import append_numbered, write_json
from .steps import folder_of, node_step, own_folder, target_step


@operation  # not resumable: the ledger gets a row, and the schema a number, each time it runs
def create_schema(price: int, **_: Any) -> int:
    """Enter a new schema in the ledger, and write the data that the database answers with."""
    with node_step() as scratch:
        number = append_numbered(scratch / "books" / "ledger.jsonl", {"database": ctx.instance.id, "price": price})
        write_json(own_folder() / "config.json", {"price": price, "schema": number})
        ctx.instance.runtime_properties["schema"] = number
    return number


@operation(resumable=True)
def grant(**_: Any) -> None:
    """Let the application read: without this it is answered 403."""
    with target_step():
        app = ctx.source.instance.id
        write_json(folder_of(ctx.target.instance) / "grants" / f"{app}.json", {"app": app})


@operation(resumable=True)
def revoke(**_: Any) -> None:
    """Take the grant back."""
    with target_step():
        folder = ctx.target.instance.runtime_properties.get("folder")
        if folder:
            (folder_of(ctx.target.instance) / "grants" / f"{ctx.source.instance.id}.json").unlink(missing_ok=True)
