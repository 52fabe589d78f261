"""`config show` and `explain`: what is set, and what a code means."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from durable_wf.cli.calls import Call
from durable_wf.cli.config import SETTINGS
from durable_wf.cli.failures import EXIT_CODES
from durable_wf.cli.output import columns
from durable_wf.cli.parameters import ShowOrigin
from durable_wf.errors import DurableError

if TYPE_CHECKING:
    from collections.abc import Iterator


_TABLE = "exit-codes"


@dataclass(frozen=True, slots=True)
class SettingRecord:
    """A setting as it is.

    origin  the flag, variable or file that says so, or `default`
    """

    name: str
    value: Any
    origin: str
    description: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a code means.

    exit_code  what the command line ends with; null where several are possible
    """

    code: str
    exit_code: int | None
    explanation: str


def config_show(call: Call, origin: ShowOrigin = False) -> None:
    """Show every setting.

    Flag > DURABLE_WF_* > durable-wf.toml in the project > the user's file > default.
    """
    found = call.config.origins
    records = [
        SettingRecord(
            one.name,
            _text(found[one.name].value) if one.kind is Path else found[one.name].value,
            found[one.name].place,
            one.doc,
        )
        for one in SETTINGS
    ]
    rows = [(one.name, _shown(one.value), *((one.origin,) if origin else ())) for one in records]
    call.out.items(records, columns([("SETTING", "VALUE", *(("ORIGIN",) if origin else ())), *rows]))


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _shown(value: object) -> str:
    return {True: "true", False: "false", None: "(none: there is no home directory)"}.get(value, str(value))  # type: ignore[call-overload, no-any-return]


def explain(
    call: Call,
    code: Annotated[str, typer.Argument(metavar="CODE", help=f"A code in brackets, an exit code, or {_TABLE}.")],
) -> None:
    """Say what an error's code or an exit code means, and what to do about it."""
    if code == _TABLE:
        table = [Explanation(str(number), number, text) for number, text in EXIT_CODES.items()]
        call.out.items(table, columns([(one.code, one.explanation) for one in table]))
        return
    known = explanations()
    name = code.strip("[]")
    if name not in known:
        from durable_wf.inspection.find import near

        raise near("code", name, known)
    found = known[name]
    exits = f"exit code {found.exit_code}: {EXIT_CODES[found.exit_code]}" if found.exit_code is not None else ""
    lines = [f"{found.code}: {found.explanation}", *([exits] if exits and not name.isdecimal() else [])]
    call.out.data(found, lines)


def explanations() -> dict[str, Explanation]:
    """Every code there is: of errors, of a blueprint's problems and warnings, and exit codes."""
    from durable_wf.dsl.problems import EXPLANATIONS, BlueprintError
    from durable_wf.dsl.warning_codes import WARNINGS

    found = {str(number): Explanation(str(number), number, text) for number, text in EXIT_CODES.items()}
    for name, text in EXPLANATIONS.items():
        found[name] = Explanation(name, BlueprintError.exit_code, text)
    for name, text in WARNINGS.items():
        found[name] = Explanation(name, 0, text)
    for kind in _errors():
        found.setdefault(kind.code, Explanation(kind.code, kind.exit_code, kind.explanation))
    return found


def _errors() -> Iterator[type[DurableError]]:
    """Every class of error, once all modules that have one are loaded; a class before those made from it."""
    import importlib
    import pkgutil

    import durable_wf

    aside = ("durable_wf.examples", "durable_wf.compat", "durable_wf.__main__")
    for module in pkgutil.walk_packages(durable_wf.__path__, "durable_wf."):
        if not module.name.startswith(aside):
            importlib.import_module(module.name)
    left = [DurableError]
    while left:
        kind = left.pop(0)
        yield kind
        left.extend(kind.__subclasses__())
