"""What the compiler is given to read files, and the machine's time zones, with. No I/O here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from typing import Protocol

from durable_wf.errors import InputError


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as it was read.

    name      relative to the main file's folder, with `/`; `plugin:NAME/…` of a plugin's that lies elsewhere; an
              address; unique in a blueprint; what a plan remembers
    shown     how people see it in messages
    sha256    of `data`, hexadecimal
    builtin   whether it is the types file that comes with durable-wf
    plugin    whether it was asked for as a plugin's (`plugin:NAME`)
    """

    name: str
    shown: str
    data: bytes
    sha256: str
    builtin: bool = False
    plugin: bool = False


class SourceError(InputError):
    """A file cannot be had.

    problem  code of the blueprint problem that it makes of an import: import-not-found, import-outside,
             import-not-supported or plugin-not-found
    """

    code = "source"
    explanation = "A blueprint, or a file that it names, is not there, may not be read, or lies where it may not lie."

    def __init__(self, message: str, *, problem: str = "import-not-found", hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.problem = problem


class Resolver(Protocol):
    """Reads files for the compiler, which itself does no I/O. One resolver serves one blueprint."""

    def main(self) -> SourceFile:
        """The main file.

        raises  SourceError when it cannot be read.
        """
        ...

    def find(self, target: str, importer: SourceFile, version: tuple[int, int]) -> SourceFile:
        """The file that `importer` imports as `target`; its sibling for the language's version is preferred.

        target  without its namespace

        raises  SourceError, whose `problem` says why.
        Source: reference/blueprint-dsl.md §3.
        """
        ...

    def has_file(self, path: str) -> bool:
        """Whether the blueprint's folder has such a file, such as a script."""
        ...

    def zone(self, name: str) -> tzinfo | None:
        """The time zone of that name; None if there is none, or no table of them."""
        ...

    def zones(self) -> tuple[str, ...]:
        """The names of all time zones, in order; none where the machine has no table."""
        ...
