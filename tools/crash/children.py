"""A fresh process for every step: forked from one that has imported everything and has opened nothing.

What a step finds out comes back through a pipe as JSON. A step that takes too long is ended with a traceback.
"""

from __future__ import annotations

import faulthandler
import json
import os
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.crash import tidy

TIMEOUT_S = 60
_BROKEN = 97  # exit code of a step that raised


@dataclass(frozen=True, slots=True)
class Ended:
    """How a step's process ended.

    signal  the signal that killed it, or 0
    answer  what it returned; None if it did not come to that
    """

    signal: int
    code: int
    answer: Any


class StepFailed(Exception):
    """A step ended in a way that no point of a sweep may: the text has its output."""


def in_child(log: Path, function: Callable[..., Any], *arguments: Any, timeout_s: float = TIMEOUT_S) -> Ended:
    """Run `function` in a process of its own; its output is appended to `log`."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        _serve(log, write, function, arguments, timeout_s)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        text = pipe.read()
    _, status = os.waitpid(pid, 0)
    signal = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -1
    return Ended(signal, code, json.loads(text) if text and code == 0 else None)


def ask_child(log: Path, function: Callable[..., Any], *arguments: Any, timeout_s: float = TIMEOUT_S) -> Any:
    """The same for a step that must not be killed; gives what it returned.

    raises  StepFailed
    """
    ended = in_child(log, function, *arguments, timeout_s=timeout_s)
    if ended.signal or ended.code:
        text = f"{function.__name__} ended with signal {ended.signal}, code {ended.code}\n{log.read_text()[-4000:]}"
        raise StepFailed(text)
    return ended.answer


def _serve(log: Path, pipe: int, function: Callable[..., Any], arguments: tuple[Any, ...], timeout_s: float) -> None:
    """The child's life; never returns."""
    code = _BROKEN
    try:
        tidy.as_a_step()
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(output, 1)
        os.dup2(output, 2)
        with os.fdopen(os.dup(output), "w") as traces:
            faulthandler.dump_traceback_later(timeout_s, exit=True, file=traces)
            text = json.dumps(function(*arguments)).encode()
            faulthandler.cancel_dump_traceback_later()
        while text:
            text = text[os.write(pipe, text) :]
        code = 0
    except BaseException:  # noqa: BLE001 - whatever it is, the parent must learn of it, and no frame above may run
        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(code)
