"""Operations of the interface `maintenance`, which no life cycle calls: `run_operation` does."""

from __future__ import annotations

from typing import Any

from cloudify import ctx
from cloudify.decorators import operation
from cloudify.exceptions import NonRecoverableError, RecoverableError

from . import servers
from .files import append_numbered, read_json, write_json
from .steps import node_step, own_folder


@operation(resumable=True)
def check_host(**_: Any) -> dict[str, Any]:
    """Return what the host has written about itself; a host without it is broken for good."""
    with node_step():
        written: dict[str, Any] | None = read_json(own_folder() / "host.json")
        if written is None:
            raise NonRecoverableError(f"{ctx.instance.id} has lost its configuration")
        return written


@operation(resumable=True)
def check_server(**_: Any) -> dict[str, Any]:
    """Return the server's answer; one that does not answer now may do so soon."""
    with node_step():
        try:
            return servers.check(own_folder())
        except servers.ServerError as error:
            raise RecoverableError(str(error)) from error


@operation(resumable=True)
def touch(note: str = "seen", **_: Any) -> None:
    """Leave a note in the folder; a later one replaces it."""
    with node_step():
        write_json(own_folder() / "touched.json", {"note": note})
        ctx.instance.runtime_properties["note"] = note


@operation  # not resumable: each run uses up one number
def issue_licence(**_: Any) -> int:
    """Take the next licence number for this application."""
    with node_step() as scratch:
        number = append_numbered(scratch / "books" / "licences.jsonl", {"app": ctx.instance.id})
        ctx.instance.runtime_properties["licence"] = number
    return number
