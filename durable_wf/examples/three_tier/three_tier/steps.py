"""What every operation does around its work: find the scratch folder, and record itself (see `recording`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cloudify import ctx
from cloudify.exceptions import NonRecoverableError

from .recording import NotOurs, Run, claim, recorded

_CONTAINED_IN = "cloudify.relationships.contained_in"


@contextmanager
def node_step() -> Iterator[Path]:
    """For an operation of a node instance; gives the scratch folder."""
    with _step(ctx.node.properties, ctx.instance.id) as scratch:
        yield scratch


@contextmanager
def source_step() -> Iterator[Path]:
    """For a relationship's operation that runs on its source."""
    with _step(ctx.source.node.properties, f"{ctx.source.instance.id}--{ctx.target.instance.id}") as scratch:
        yield scratch


@contextmanager
def target_step() -> Iterator[Path]:
    """For a relationship's operation that runs on its target."""
    with _step(ctx.target.node.properties, f"{ctx.target.instance.id}--{ctx.source.instance.id}") as scratch:
        yield scratch


@contextmanager
def _step(properties: Mapping[str, Any], instance: str) -> Iterator[Path]:
    scratch = Path(properties["scratch"])
    if not scratch.is_absolute():
        raise NonRecoverableError(f"the input `scratch` must be an absolute path, not {scratch}")
    try:
        claim(scratch)
    except NotOurs as error:
        raise NonRecoverableError(str(error)) from error
    key = getattr(ctx.operation, "idempotency_key", None)  # the older system has none
    run = Run(ctx.operation.name, instance, ctx.operation.retry_number, key)
    with recorded(scratch, run, float(properties["pause"])):
        yield scratch


def host_folder() -> Path:
    """The folder of the host that contains this node instance."""
    for relationship in ctx.instance.relationships:
        if _CONTAINED_IN in relationship.type_hierarchy:
            return Path(relationship.target.instance.runtime_properties["folder"])
    raise NonRecoverableError(f"{ctx.instance.id} is contained in no host")


def own_folder() -> Path:
    """The folder that `create` made for this node instance."""
    return folder_of(ctx.instance)


def folder_of(instance: Any) -> Path:
    """The folder of one side of a relationship."""
    folder = instance.runtime_properties.get("folder")
    if not folder:
        raise NonRecoverableError(f"{instance.id} has no folder: it was not created")
    return Path(folder)
