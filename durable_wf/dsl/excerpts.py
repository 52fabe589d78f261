"""The lines of the files that were read, for whoever shows a problem beside the line that it is in.

Lines are those that YAML counts, from the same bytes that were compiled: a file is never read again.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Mapping
from typing import NamedTuple

LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
"""What ends a line, for YAML 1.1 and PyYAML."""


class _Text(NamedTuple):
    """A file's text, and where each of its lines begins and ends; in turn, so that many lines take little memory."""

    text: str
    edges: array[int]


class Sources:
    """Files by the name that people see.

    data  as they were read
    mask  takes out of a line what nobody may see
    """

    def __init__(self, data: Mapping[str, bytes] | None = None, mask: Callable[[str], str] = str) -> None:
        self._data = data or {}
        self._mask = mask
        self._texts: dict[str, _Text] = {}

    def hiding(self, mask: Callable[[str], str]) -> Sources:
        """The same files, of whose lines nobody sees more than `mask` leaves of them."""
        return Sources(self._data, mask)

    def excerpt(self, file: str, number: int, column: int) -> tuple[str, int] | None:
        """A line as people may see it, and where in it a column is: an index, at most its length.

        column  from 1. Where it is cannot be told between two things that are hidden: then the first of them is meant
        """
        line = self.line(file, number)
        if line is None:
            return None
        masked, at = self._mask(line), min(column - 1, len(line))
        if masked.endswith(line[at:]):
            return masked, len(masked) - len(line[at:])
        same = next((index for index in range(at) if line[index] != masked[index : index + 1]), at)
        return masked, min(same, len(masked))

    def line(self, file: str, number: int) -> str | None:
        """A line without its end; None where there is no such line, or the file's text is not known.

        number  from 1
        cost    linear in the file the first time, then in the line
        """
        if file not in self._data or number < 1:
            return None
        if file not in self._texts:
            self._texts[file] = _read(self._data[file])
        text, edges = self._texts[file]
        at = 2 * (number - 1)
        return text[edges[at] : edges[at + 1]] if at + 1 < len(edges) else None


def _read(data: bytes) -> _Text:
    text = data.decode("utf-8-sig", "replace")
    edges = array("Q", [0])
    for found in LINE_BREAK.finditer(text):
        edges.extend(found.span())
    edges.append(len(text))
    return _Text(text, edges)
