"""`-o FILE` and `--format` of what can be drawn: a topology as JSON, SVG, or text for Graphviz or Mermaid."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from durable_wf.cli.output import as_document, without_secrets
from durable_wf.cli.parameters import PlanFormats
from durable_wf.errors import StorageError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from durable_wf.cli.calls import Call
    from durable_wf.inspection.topology.drawing import Drawing

_SUFFIXES: Mapping[str, PlanFormats] = {
    ".json": PlanFormats.JSON,
    ".svg": PlanFormats.SVG,
    ".dot": PlanFormats.DOT,
    ".gv": PlanFormats.DOT,
    ".mmd": PlanFormats.MERMAID,
    ".mermaid": PlanFormats.MERMAID,
}


def format_of(
    call: Call, output: Path | None, given: PlanFormats | None, *, source: Path | None = None
) -> PlanFormats | None:
    """What is to be written; None: the usual lines, or JSON with --json.

    source  the blueprint, over which nothing is written
    raises  UsageError where that cannot be told, or cannot be done
    """
    if output is None and given is None:
        return None
    if output is None or str(output) == "-":
        if call.out.as_json and given not in {None, PlanFormats.JSON}:
            raise UsageError("--json and a picture both want standard output", hint="write the picture to a file: -o")
        return given or PlanFormats.JSON
    if source is not None and output.exists() and source.exists() and output.samefile(source):
        raise UsageError(f"-o {output}: this is the blueprint", hint="name another file")
    found = given or _SUFFIXES.get(output.suffix.lower())
    if found is None:
        known = ", ".join(_SUFFIXES)
        raise UsageError(
            f"-o {output}: the suffix tells no format", hint=f"end it with one of {known}, or say --format"
        )
    return found


def write(call: Call, output: Path | None, wanted: PlanFormats, record: Any, draw: Callable[[], Drawing]) -> None:
    """Write a topology to a file, or to standard output; with a file and --json the record is printed, too.

    draw    makes the picture, where one is wanted
    raises  StorageError for a file that cannot be written
    """
    text = as_document(record) + "\n" if wanted is PlanFormats.JSON else without_secrets(_painter(wanted)(draw()))
    if output is None or str(output) == "-":
        call.out.lines([text.removesuffix("\n")])
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StorageError(f"{output} cannot be written: {error.strerror}") from error
    if call.out.as_json:
        call.out.data(record, [])
    call.out.note(f"written: {output}")


def _painter(wanted: PlanFormats) -> Callable[[Drawing], str]:
    from durable_wf.inspection.topology.svg import svg
    from durable_wf.inspection.topology.texts import dot, mermaid

    return {PlanFormats.SVG: svg, PlanFormats.DOT: dot, PlanFormats.MERMAID: mermaid}[wanted]
