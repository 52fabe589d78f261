"""Exceptions that the tests' operations raise; a module of its own, because they are found again by their path."""

from __future__ import annotations

import subprocess
from typing import NoReturn

from durable_wf import operation


class MyError(Exception):
    """Its class and arguments come back."""


class Unspeakable(Exception):
    """Cannot say what it is."""

    def __str__(self) -> str:
        text = "no words"
        raise ValueError(text)


class Keyed(Exception):
    """Takes other arguments than it hands on, and keeps one as an attribute."""

    def __init__(self, code: int, *, where: str) -> None:
        super().__init__(f"code {code} at {where}")
        self.code = code
        self.where = where


def nested() -> type[Exception]:
    """A class that cannot be found by its path."""

    class Inner(Exception):
        pass

    return Inner


@operation
def raises(what: str) -> NoReturn:
    """Raise one of them."""
    errors: dict[str, BaseException] = {
        "mine": MyError("x", 3),
        "unspeakable": Unspeakable("x"),
        "keyed": Keyed(7, where="here"),
        "nested": nested()("lost"),
        "not json": MyError(b"x"),
        "process": subprocess.CalledProcessError(3, ["ls"], output=b"\x00"),
        "exit": SystemExit(4),
        "interrupt": KeyboardInterrupt(),
        "os": FileNotFoundError(2, "no such file"),
    }
    raise errors[what]
