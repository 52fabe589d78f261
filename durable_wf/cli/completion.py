"""What the shell offers for ids, deployments and workflows. Anything that goes wrong offers nothing."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from durable_wf.model.states import MODIFICATION

if TYPE_CHECKING:
    from collections.abc import Callable

    from durable_wf.inspection.view import View


def execution_ids(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Ids of executions, with workflow and state."""
    return _look(ctx, lambda view: _executions(view, incomplete))


def _executions(view: View, incomplete: str) -> list[tuple[str, str]]:
    found = view.store.find_execution(incomplete) if incomplete else view.store.executions()
    return [(row.uid, f"{row.workflow}, {view.state(row)}") for row in found]


def deployment_names(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Names of deployments."""
    return _look(
        ctx, lambda view: [(row.name, "") for row in view.store.deployments() if row.name.startswith(incomplete)]
    )


def modification_ids(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Ids of modifications, with their status."""
    return _look(ctx, lambda view: _modifications(view, incomplete))


def _modifications(view: View, incomplete: str) -> list[tuple[str, str]]:
    found = reversed(view.store.modifications())
    return [(row.uid, str(MODIFICATION.states[row.state])) for row in found if row.uid.startswith(incomplete)]


def workflow_names(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Names of the workflows of the deployment that the command line names, or of all."""
    from durable_wf.inspection.deployments import workflows

    def look(view: View) -> list[tuple[str, str]]:
        named = ctx.params.get("deployment")
        names = [named] if named else [row.name for row in view.store.deployments()]
        return [(one.name, name) for name in names for one in workflows(view, name) if one.name.startswith(incomplete)]

    return _look(ctx, look)


def _look(ctx: typer.Context, ask: Callable[[View], list[tuple[str, str]]]) -> list[tuple[str, str]]:
    from durable_wf.cli.config import read_config
    from durable_wf.inspection.view import open_view

    given: dict[str, Any] = {"journal": ctx.params.get("journal")}
    root = ctx.find_root().params
    given["journal"] = given["journal"] or root.get("journal")
    with suppress(Exception), open_view(read_config(given, os.environ, Path.cwd()).journal) as view:
        return ask(view)
    return []
