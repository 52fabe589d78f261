"""`doctor`: is the journal well, and the place where it lies? Each question gives one finding; none of them writes."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from durable_wf.errors import DurableError, JournalDamaged, StorageError
from durable_wf.inspection.health import content, library, place, runners
from durable_wf.inspection.health.finding import PROBLEM, Finding
from durable_wf.journal.examine import examine
from durable_wf.journal.verify import UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def diagnose(path: Path) -> list[Finding]:
    """All findings about the journal at `path`, in a fixed order. Nothing that is wrong raises.

    Not for a process that has the journal open otherwise: see `examine`.
    """
    found = [
        library.sqlite(),
        *_asked("file system", lambda: place.file_system(path)),
        *_asked("free space", lambda: place.free_space(path)),
        *_asked("files", lambda: place.files_finding(path)),
        *_asked("wal", lambda: place.wal(path)),
    ]
    with ExitStack() as opened:
        try:
            reader = opened.enter_context(examine(path))
        except DurableError as error:
            return [_unreadable("journal", error), *found]
        return [
            *_asked("journal", lambda: content.journal(reader)),
            *_asked("schema", lambda: content.schema(reader)),
            *_asked("head", lambda: content.head(reader)),
            *found,
            *_asked("sizes", lambda: content.sizes(reader)),
            *_asked("owners", lambda: runners.owners(reader, path)),
            *_asked("left-over processes", lambda: runners.left_over(reader)),
        ]


def _asked(name: str, ask: Callable[[], Finding]) -> list[Finding]:
    """The answer to one question; a page or a folder that cannot be read keeps no other from being answered."""
    try:
        return [ask()]
    except DurableError as error:
        return [_unreadable(name, error)]
    except OSError as error:
        return [Finding(name, PROBLEM, f"{error.filename}: {error.strerror}", None, exit_code=StorageError.exit_code)]
    except UNREADABLE as error:
        text = f"a value is not what was written: {error}"
        return [Finding(name, PROBLEM, text, "durable-wf verify", exit_code=JournalDamaged.exit_code)]


def _unreadable(name: str, error: DurableError) -> Finding:
    return Finding(name, PROBLEM, error.message, error.hint, exit_code=error.exit_code)
