"""Where text goes: data to stdout, everything else to stderr. And how it is made fit for a terminal."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from durable_wf.errors import StorageError
from durable_wf.inspection.records import SCHEMA_VERSION, plain
from durable_wf.model.states import EXECUTION, TASK, A, G, M, T, X

if TYPE_CHECKING:
    from durable_wf.model.plan import Workflow

_GOOD, _BAD, _MOVING, _DOUBT = "32", "31", "36", "33"
_COLORS: Mapping[str, str] = {
    **{str(state): _MOVING for state in (*X, *T, *A, *G, *M)},
    **{str(state): _BAD for state in (X.FAILED, A.TIMED_OUT)},
    **{str(state): _GOOD for state in (X.TERMINATED, T.SUCCEEDED, M.FINISHED)},
    **{str(state): _DOUBT for state in (X.INTERRUPTED, X.PAUSED, X.CANCELLED, T.UNKNOWN, T.RESCHEDULED)},
    **{str(machine.initial): "2" for machine in (EXECUTION, TASK)},
}
_WHOLE_SECONDS = 10


class Out:
    """What one call prints.

    as_json  data is one JSON document
    color    `auto`, `always` or `never`
    level    -1 quiet, 0, 1 verbose
    """

    def __init__(self, *, as_json: bool = False, color: str = "auto", level: int = 0) -> None:
        self.as_json = as_json
        self.level = level
        self._color = color

    # ------------------------------------------------------------------ stdout

    def data(self, record: Any, lines: Iterable[str]) -> None:
        """One record: as JSON, or else as these lines."""
        self.document(plain(record)) if self.as_json else self.lines(lines)

    def items(self, records: Sequence[Any], lines: Iterable[str], **more: Any) -> None:
        """A list of records: as JSON under `items`, or else as these lines."""
        self.document({**more, "items": plain(list(records))}) if self.as_json else self.lines(lines)

    def document(self, content: Mapping[str, Any], *, indent: int | None = 2) -> None:
        """JSON with the version of its schema."""
        self.lines([_dumped(without_secrets(content), indent)])

    def lines(self, lines: Iterable[str]) -> None:
        """Data, flushed, so that a full disk or a closed pipe is noticed here.

        raises  StorageError where there is no stdout; BrokenPipeError and OSError as the system says
        """
        if sys.stdout is None:
            raise StorageError("standard output is closed; the data cannot be printed")
        for line in lines:
            sys.stdout.write(f"{without_secrets(line)}\n")
        sys.stdout.flush()

    # ------------------------------------------------------------------ stderr

    def note(self, text: str) -> None:
        """For a person: how it goes. Nothing when quiet."""
        if self.level >= 0:
            self.error(text)

    def detail(self, text: str) -> None:
        """As `note`, only when verbose."""
        if self.level > 0:
            self.error(text)

    def error(self, text: str) -> None:
        """For a person, quiet or not. Where nobody reads it any more, that is no reason to fail."""
        if sys.stderr is not None:
            with contextlib.suppress(OSError, ValueError):
                sys.stderr.write(f"{without_secrets(text)}\n")
                sys.stderr.flush()

    # ------------------------------------------------------------------ colours

    def state(self, name: str, stream: TextIO | None = None) -> str:
        """A state's name in its colour, where the stream takes colours."""
        return paint(name, _COLORS.get(name), on=self.colors(stream or sys.stdout))

    def colors(self, stream: TextIO | None) -> bool:
        """Whether the stream takes colours: the setting, else NO_COLOR, else whether it is a terminal."""
        if self._color != "auto":
            return self._color == "always"
        if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
            return False
        return is_terminal(stream)


def as_document(record: Any) -> str:
    """A record as `--json` prints it."""
    return _dumped(without_secrets(plain(record)), 2)


def without_secrets(data: Any) -> Any:
    """A text, or data, with every secret masked that this process was given (L10)."""
    vault = sys.modules.get("durable_wf.sources.vault")  # nothing was given where it was not loaded
    return data if vault is None else vault.VAULT.masked(data)


def _dumped(content: Mapping[str, Any], indent: int | None) -> str:
    return json.dumps({"schema_version": SCHEMA_VERSION, **content}, indent=indent, ensure_ascii=False)


def paint(text: str, code: str | None, *, on: bool) -> str:
    """`text` between the escape sequences of a colour."""
    return f"\x1b[{code}m{text}\x1b[0m" if on and code else text


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person sees the stream."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False


def clean(text: str) -> str:
    """Text of somebody else's without what a terminal would obey; new lines and tabs stay."""
    return "".join(one if one.isprintable() or one in "\n\t" else f"\\x{ord(one):02x}" for one in text)


def short(value: Any, limit: int = 60) -> str:
    """A value on one line, cut."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(clean(text).split())
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines, each column as wide as its widest cell."""
    if not rows:
        return []
    sizes = [max(_width(row[index]) for row in rows) for index in range(len(rows[0]))]
    return [
        "  ".join(cell + " " * (size - _width(cell)) for cell, size in zip(row, sizes, strict=True)).rstrip()
        for row in rows
    ]


def _width(cell: str) -> int:
    """Characters that are seen."""
    left, seen = cell, 0
    while (start := left.find("\x1b[")) >= 0:
        seen += start
        left = left[left.index("m", start) + 1 :]
    return seen + len(left)


def took(begin_us: int, end_us: int) -> str:
    """`12 ms`, `3.4 s`, `2 min 5 s`, `1 h 3 min`: how long something took."""
    seconds = max(0, end_us - begin_us) / 1_000_000
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < _WHOLE_SECONDS:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def moment(at: str) -> str:
    """`2026-11-23 18:23:20` of an ISO text."""
    return at[:19].replace("T", " ")


def shown_workflows(workflows: Mapping[str, Workflow], *, whole: bool = False) -> str:
    """The names of a blueprint's workflows, without those of the built-in types that cannot be run.

    whole  those, too
    """
    from durable_wf.authoring.not_built import WORKFLOWS, why_not

    later = [name for name, one in workflows.items() if one.function.startswith(WORKFLOWS) and why_not(one.function)]
    own = [clean(name) for name in workflows if name not in later]
    more = f"; those of the built-in types cannot be run yet: {', '.join(map(clean, later))}" if later and whole else ""
    return (", ".join(own) or ("none of its own" if later else "none")) + more


def plural(count: int, word: str, many: str | None = None) -> str:
    """`1 task`, `2 tasks`."""
    return f"{count} {word if count == 1 else many or word + 's'}"
