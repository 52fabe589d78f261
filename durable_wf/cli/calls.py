"""A call of a command: the options that every verb takes, the settings they lead to, and the one place for errors.

`verb` gives a function those options, before and after the verb alike, and turns what it raises into a text and an
exit code. The function gets a `Call` first and gives an exit code, or None for 0.
"""

from __future__ import annotations

import functools
import inspect
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_type_hints

import typer
from typer import TyperException
from typer.core import TyperCommand, TyperGroup

from durable_wf.cli.config import Config, read_config
from durable_wf.cli.failures import SIGINT, report, usage
from durable_wf.cli.output import Out

if TYPE_CHECKING:
    from durable_wf.engine import Engine
    from durable_wf.inspection.view import View
    from durable_wf.journal.sqlite import SqliteJournal
    from durable_wf.sources.secrets import SecretStores


def _version(value: bool | None) -> None:
    if value:
        from importlib.metadata import version

        typer.echo(f"durable-wf {version('durable-wf')}")
        raise typer.Exit


def _globals(*, hidden: bool) -> dict[str, Any]:
    """The global options: name of the parameter → its annotation."""

    def flag(*names: str, doc: str) -> Any:
        return Annotated[bool | None, typer.Option(*names, help=doc, hidden=hidden)]

    def file(name: str, doc: str, metavar: str = "FILE") -> Any:
        return Annotated[Path | None, typer.Option(name, metavar=metavar, help=doc, hidden=hidden)]

    when = typer.Option("--color", metavar="WHEN", help="auto, always or never.", hidden=hidden)
    seconds = "Seconds that a command waits for the write lock; a runner waits for ever."
    version = typer.Option("--version", is_eager=True, callback=_version, help="Print the version.", hidden=hidden)
    return {
        "journal": file("--journal", "The journal's file."),
        "config": file("--config", "Use this file instead of the project's durable-wf.toml."),
        "plugins": file("--plugins", "The folder of installed plugins.", "DIR"),
        "json": flag("--json", doc="Print data as JSON (schema/output.schema.json)."),
        "quiet": flag("-q", "--quiet", doc="Only data and errors."),
        "verbose": flag("-v", "--verbose", doc="Say more: tracebacks, whole values."),
        "color": Annotated[Literal["auto", "always", "never"] | None, when],
        "no_progress": flag("--no-progress", doc="Plain lines on a terminal too."),
        "debug": flag("--debug", doc="Show the traceback of an error."),
        "lock_timeout": Annotated[
            float | None, typer.Option("--lock-timeout", metavar="S", help=seconds, hidden=hidden)
        ],
        "unsafe_network_fs": flag("--unsafe-network-fs", doc="Use a journal on a network file system."),
        "version": Annotated[bool | None, version],
    }


_SHORT = {"quiet": -1, "verbose": 1}


class Call:
    """What a command is given.

    given  the global options of the command line, the ones nearest to the end winning
    ctx    typer's
    """

    def __init__(self, given: dict[str, Any], ctx: typer.Context) -> None:
        self.given = given
        self.ctx = ctx
        level = sum(step for name, step in _SHORT.items() if given.get(name))
        self.out = Out(as_json=bool(given.get("json")), color=given.get("color") or "auto", level=level)
        self._config: Config | None = None

    @property
    def config(self) -> Config:
        """The settings; read when first asked for.

        raises  ConfigError
        """
        if self._config is None:
            flags = {**self.given, "progress": False if self.given.get("no_progress") else None}
            self._config = read_config(flags, os.environ, working_directory())
            self.out = Out(as_json=self.out.as_json, color=self._config["color"], level=self.out.level)
        return self._config

    @property
    def debug(self) -> bool:
        """Whether errors show their traceback."""
        return bool(self.given.get("debug") or (self._config is not None and self._config["debug"]))

    def view(self) -> View:
        """The journal, to be looked at."""
        from durable_wf.inspection.view import open_view

        return open_view(self.config.journal)

    def engine(self, command: str, *, runner: bool = False) -> Engine:
        """An engine on the journal.

        command  what this process does, for whoever waits for the write lock
        runner   it runs executions: it waits for the write lock for ever
        """
        from durable_wf.engine import Engine

        self.secrets()
        journal = self.journal(command, runner=runner)
        return Engine(journal, max_operations=self.config["max_operations"])

    def secrets(self) -> SecretStores:
        """Where secrets are; from then on functions ask there, too."""
        from durable_wf.sources.secrets import secret_stores
        from durable_wf.sources.vault import VAULT

        found = secret_stores(os.environ, self.config["secrets_file"])
        VAULT.use(found)
        return found

    def journal(self, command: str, *, runner: bool = False) -> SqliteJournal:
        """The journal, to be written; made or migrated where it has to be. Parameters as of `engine`."""
        from durable_wf.journal.sqlite import open_journal

        config = self.config
        return open_journal(
            config.journal,
            durability=config["durability"],
            lock_timeout=None if runner else config["lock_timeout"],
            command=f"durable-wf {command}",
            unsafe_network_fs=config["unsafe_network_fs"],
        )


def working_directory() -> Path | None:
    """None where it is gone."""
    try:
        return Path.cwd()
    except OSError:
        return None


def verb(function: Callable[..., int | None], *, shown: bool = False) -> Callable[..., int]:
    """A command from `function(call, …)`, with the global options added.

    shown  its help lists them
    """
    options = _globals(hidden=not shown)
    hints = get_type_hints(function, include_extras=True)
    own = [
        parameter.replace(annotation=hints[parameter.name])
        for parameter in list(inspect.signature(function).parameters.values())[1:]
    ]

    @functools.wraps(function)
    def command(ctx: typer.Context, **values: Any) -> int:
        given = {name: value for name in options if (value := values.pop(name)) is not None}
        ctx.obj = {**(ctx.obj or {}), **given}
        call = Call(ctx.obj, ctx)
        try:
            code = function(call, **values) or 0
            if sys.stdout is not None:
                sys.stdout.flush()
        except (typer.Exit, typer.Abort, TyperException):
            raise
        except KeyboardInterrupt:
            return SIGINT
        except Exception as error:  # noqa: BLE001 - the one place where a command's errors become text and exit code
            return report(error, call.out, debug=call.debug)
        return code

    context = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    keyword = inspect.Parameter.KEYWORD_ONLY
    shared = [inspect.Parameter(name, keyword, default=None, annotation=kind) for name, kind in options.items()]
    command.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [context, *(parameter.replace(kind=keyword) for parameter in own), *shared]
    )
    command.__annotations__ = {"ctx": typer.Context, **{one.name: one.annotation for one in [*own, *shared]}}
    return command


class _HelpWithExample:
    """Help that begins with an example."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        from durable_wf.cli.examples import examples_of

        path = ctx.command_path.split()[1:]
        formatter.write("".join(f"    {example}\n" for example in examples_of(path)) + "\n")
        super().format_help(ctx, formatter)  # type: ignore[misc]
        if path:
            formatter.write("\nGlobal options (--journal, --json, …) may stand here too: durable-wf --help\n")


class Verb(_HelpWithExample, TyperCommand):
    """One command."""


class Group(_HelpWithExample, TyperGroup):
    """Commands under one noun, and the program itself."""

    def main(  # the signature is typer's
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command line, and leave with its exit code."""
        del standalone_mode, windows_expand_args
        name = prog_name or "durable-wf"
        try:
            code = super().main(args, name, complete_var, standalone_mode=False, **extra)
        except TyperException as error:
            ctx = getattr(error, "ctx", None)
            code = report(usage(error, ctx.command_path if ctx is not None else name), Out())
        sys.exit(code if isinstance(code, int) else 0)
