"""The lines of the files that were read, for whoever shows a problem beside the line that it is in.

Lines are those that YAML counts, from the same bytes that were compiled: a file is never read again.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Mapping
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
    """

    def __init__(self, data: Mapping[str, bytes] | None = None) -> None:
        self._data = data or {}
        self._texts: dict[str, _Text] = {}

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
