"""stdout and stderr of a process that runs operations: what plugins print there, or have printed, is masked (L10).

Python itself prints for them: log records of WARNING and above that no handler takes, exceptions that end a thread,
warnings. What is written past `sys.stdout` and `sys.stderr`, to descriptors 1 and 2, is not seen here.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO, cast

from durable_wf.cli.output import without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Masked:
    """A stream, without the secrets that this process was given; what it is not asked to write goes to the stream."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write it masked; how many characters there were."""
        self._stream.write(without_secrets(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """As `write`, for each."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def masked_streams() -> Iterator[None]:
    """Inside, what is written to `sys.stdout` and `sys.stderr` is masked. What is put in their place there stays."""
    before = sys.stdout, sys.stderr
    ours = tuple(None if one is None else cast("TextIO", Masked(one)) for one in before)
    sys.stdout, sys.stderr = ours  # either may be None, where it is closed
    try:
        yield
    finally:
        if sys.stdout is ours[0]:
            sys.stdout = before[0]
        if sys.stderr is ours[1]:
            sys.stderr = before[1]
