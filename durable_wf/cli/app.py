"""The program: which command is called what. `main` is the console script."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

import typer

from durable_wf.cli import (
    authors,
    cancelling,
    deployed,
    deploying,
    helping,
    installing,
    looking,
    modifying,
    planning,
    plugins,
    running,
    schemas,
    secrets,
)
from durable_wf.cli.calls import Call, Group, Verb, verb
from durable_wf.cli.demo.story import demo
from durable_wf.cli.doctoring import doctor
from durable_wf.cli.logs import logs
from durable_wf.cli.verifying import verify

if TYPE_CHECKING:
    from collections.abc import Callable

_SETTINGS = {"help_option_names": ["-h", "--help"]}
_FIRST_STEPS = (
    ("durable-wf demo", "see a deployment killed half-way and resumed"),
    ("durable-wf install BLUEPRINT -d NAME", "make a deployment of a blueprint, and install it"),
    ("durable-wf run WORKFLOW -d NAME", "run one of its workflows; or run MODULE:FUNCTION"),
    ("durable-wf journal ID", "read what happened, in order"),
    ("durable-wf resume ID", "go on after a crash, a failure or Ctrl-C"),
)


def _group(name: str | None = None) -> typer.Typer:
    return typer.Typer(
        name=name,
        cls=Group,
        context_settings=_SETTINGS,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=name is None,
    )


app = _group()


def _begin(call: Call) -> None:
    """Run workflows that survive `kill -9`: everything they do is in one SQLite file, the journal."""
    if call.ctx.invoked_subcommand is None:
        width = max(len(command) for command, _ in _FIRST_STEPS)
        call.out.lines([f"{command:<{width}}   {what}" for command, what in _FIRST_STEPS])
        call.out.lines(["", "durable-wf --help lists the rest; each command's --help begins with an example."])


def _help_of_group(call: Call) -> int:
    if call.ctx.invoked_subcommand is None:
        call.out.error(call.ctx.get_help())
        return 2
    return 0


def _add(group: typer.Typer, name: str, function: Callable[..., int | None]) -> None:
    group.command(name, cls=Verb, context_settings=_SETTINGS)(verb(function))


def _add_group(name: str, doc: str) -> typer.Typer:
    group = _group(name)
    group.callback(cls=Group, invoke_without_command=True, help=doc, context_settings=_SETTINGS)(verb(_help_of_group))
    app.add_typer(group)
    return group


app.callback(cls=Group, invoke_without_command=True, context_settings=_SETTINGS)(verb(_begin, shown=True))
_add(app, "validate", authors.validate)
_add(app, "plan", planning.plan)
_add(app, "schema", schemas.schema)
_add(app, "install", installing.install)
_add(app, "uninstall", installing.uninstall)
_deployments = _add_group("deployments", "Blueprints with inputs.")
_add(_deployments, "create", deploying.create)
_add(_deployments, "list", deployed.list_)
_add(_deployments, "show", deployed.show)
_add(_deployments, "instances", deployed.instances)
_add(_deployments, "outputs", deploying.outputs)
_add(_deployments, "capabilities", deploying.capabilities)
_add(_deployments, "workflows", deploying.workflows)
_add(_deployments, "topology", deployed.topology)
_add(_deployments, "delete", deploying.delete)
_modifications = _add_group("modifications", "Changes of deployments' numbers of instances.")
_add(_modifications, "list", modifying.list_)
_add(_modifications, "show", modifying.show)
_add(_modifications, "finish", modifying.finish)
_add(_modifications, "rollback", modifying.rollback)
_plugins = _add_group("plugins", "What blueprints import as plugin:NAME.")
_add(_plugins, "install", plugins.install)
_add(_plugins, "list", plugins.list_)
_add(_plugins, "show", plugins.show)
_add(app, "run", running.run)
_add(app, "list", looking.list_)
_add(app, "show", looking.show)
_add(app, "resume", running.resume)
_add(app, "cancel", cancelling.cancel)
_add(app, "journal", looking.journal)
_add(app, "logs", logs)
_add(app, "verify", verify)
_add(app, "doctor", doctor)
_add(app, "demo", demo)
_secrets = _add_group("secrets", "Values that get_secret gives; they are in no journal.")
_add(_secrets, "set", secrets.set_)
_add(_secrets, "list", secrets.list_)
_add(_secrets, "delete", secrets.delete)
_config = _add_group("config", "The settings and where they come from.")
_add(_config, "show", helping.config_show)
_add(app, "explain", helping.explain)


def main() -> None:
    """The console script."""
    for descriptor in (0, 1, 2):  # else the journal could become stdout, and a print would go into it
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # noqa: FBT003 - it takes no keyword
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError, OSError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        app(prog_name="durable-wf")
    finally:
        _let_go_of_what_cannot_be_written()


def _let_go_of_what_cannot_be_written() -> None:
    """What could not be printed was said already: Python must not try again at its end, and end with 120 for it."""
    for descriptor, stream in ((1, sys.stdout), (2, sys.stderr)):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            devnull = os.open(os.devnull, os.O_WRONLY)
            os.dup2(devnull, descriptor)
            os.close(devnull)
