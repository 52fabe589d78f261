"""What a person sees of an error: one text with its code and how to mend it; and the exit code.

The exit codes stand in one table here; classes of `errors` name theirs by number.
"""

from __future__ import annotations

import os
import sys
import traceback
from typing import TYPE_CHECKING, Any

from durable_wf.cli.output import clean, paint, plural
from durable_wf.errors import DurableError, EngineBug, InputError, StorageError, UsageError
from durable_wf.model.states import X

if TYPE_CHECKING:
    from collections.abc import Mapping

    from durable_wf.cli.output import Out

DONE, FAILED, LAID_DOWN, CANCELLED, WAITS = 0, 1, 4, 5, 6
TIMED_OUT, SIGINT, PIPE, SIGTERM = 124, 130, 141, 143

EXIT_CODES: Mapping[int, str] = {
    DONE: "done",
    FAILED: "the execution failed; the error was printed as it was recorded",
    2: "usage: the command does not fit what it was given",
    3: "a bad blueprint, plugin or parameter; nothing was changed",
    LAID_DOWN: "the execution was interrupted, other than by a signal to this command",
    CANCELLED: "the execution, or its resume, was cancelled",
    WAITS: "the execution waits, is paused, or asks; or a person has to agree first",
    7: "what was named was not found",
    8: "held by another runner, or by another process that writes to the journal",
    9: "the journal is damaged, too new, not a journal, or older than its head file says",
    10: "the disk, or another part of the operating system, refused",
    11: "the code asks for other tasks than the journal remembers",
    70: "a mistake of durable-wf itself; please report it",
    TIMED_OUT: "--timeout came before the end; the execution lies down and can be resumed",
    SIGINT: "stopped by Ctrl-C (SIGINT); the execution lies down and can be resumed",
    PIPE: "whoever read the output went away",
    SIGTERM: "stopped by SIGTERM; the execution lies down and can be resumed",
}

EXIT_OF_STATE: Mapping[str, int] = {
    X.TERMINATED: DONE,
    X.FAILED: FAILED,
    X.CANCELLED: CANCELLED,
    X.INTERRUPTED: LAID_DOWN,
    X.PAUSED: WAITS,
    X.SCHEDULED: WAITS,
    X.QUEUED: WAITS,
}


class ParseError(UsageError):
    """The command line itself cannot be read."""


class UnexpectedError(EngineBug):
    """Something happened that no part of the engine foresaw."""

    code = "unexpected"
    explanation = "An error that durable-wf does not know. `--debug` shows where; please report it with that text."


def report(error: BaseException, out: Out, *, debug: bool = False) -> int:
    """Print an error for a person; the exit code that it means."""
    if isinstance(error, BrokenPipeError):
        _let_go_of_stdout()
        return PIPE
    if debug:
        out.error("".join(traceback.format_exception(error)).rstrip())
    known = _known(error)
    on = out.colors(sys.stderr)
    message = clean(known.message) if not isinstance(known, InputError) else _told(known, out, colors=on)
    out.error(f"{paint('error:', '1;31', on=on)} {message} [{known.code}]")
    if known.hint:
        out.error(f"  {paint('hint:', '1', on=on)} {clean(known.hint)}")
    return known.exit_code


def _told(error: InputError, out: Out, *, colors: bool) -> str:
    """An error's message; the mistakes of a blueprint are told here, and only how many they are is left to say."""
    from durable_wf.cli.mistakes import shown
    from durable_wf.dsl.problems import BlueprintError

    if not isinstance(error, BlueprintError):
        return clean(error.message)
    out.error("\n".join(shown(error.problems, error.sources, brief=out.level < 0, colors=colors)))
    return f"the blueprint has {plural(len(error.problems), 'mistake')}"


def _known(error: BaseException) -> DurableError:
    if isinstance(error, DurableError):
        return error
    if isinstance(error, OSError):
        what = f"{error.filename}: " if error.filename else ""
        return StorageError(f"{what}{error.strerror or error}")
    text = f"{type(error).__name__}: {error}"
    return UnexpectedError(text, hint="run it again with --debug to see where, and report that")


def usage(error: Any, command: str) -> ParseError:
    """What typer says about a command line, as an error of ours."""
    text = error.format_message().strip().rstrip(".")
    return ParseError(f"{text[:1].lower()}{text[1:]}", hint=f"`{command} --help` begins with an example")


def _let_go_of_stdout() -> None:
    """So that Python does not complain at its end that it could not write what nobody reads."""
    try:
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, 1)
        os.close(devnull)
    except OSError:
        return
