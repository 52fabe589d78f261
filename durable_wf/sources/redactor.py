"""Finds known values in texts, in time that hardly depends on how many are known.

Up to a few words one regular expression does it. Of more words, a text's pieces of six characters are looked up in a
table of the words' beginnings, and an expression is made of those few that may be there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from durable_wf.sources.forms import SHORTEST

_FEW = 120  # words that one expression finds as quickly as the table


class Finder:
    """Finds words; one of fewer than six characters only where it is no part of a longer word."""

    def __init__(self, words: Iterable[str]) -> None:
        known = sorted(set(words), key=lambda one: (-len(one), one))
        self._short = [one for one in known if len(one) < SHORTEST]
        long = [one for one in known if len(one) >= SHORTEST]
        self._all = _pattern(known) if known and len(known) <= _FEW else None
        self._by_beginning: dict[str, list[str]] = {}
        self._is_empty = not known
        if self._all is None:
            for one in long:
                self._by_beginning.setdefault(one[:SHORTEST], []).append(one)

    def first(self, text: str) -> str | None:
        """The first word in a text, the longest of those that begin there."""
        pattern = self._pattern_for(text)
        found = pattern.search(text) if pattern is not None else None
        return found.group() if found is not None else None

    def replaced(self, text: str, by: Callable[[str], str]) -> str:
        """The text with other words in the place of those that are known."""
        pattern = self._pattern_for(text)
        return text if pattern is None else pattern.sub(lambda match: by(match.group()), text)

    def _pattern_for(self, text: str) -> re.Pattern[str] | None:
        if self._all is not None or self._is_empty:
            return self._all
        pieces = {text[at : at + SHORTEST] for at in range(len(text) - SHORTEST + 1)}
        begun = self._by_beginning.keys() & pieces
        words = [one for beginning in begun for one in self._by_beginning[beginning] if one in text]
        words += [one for one in self._short if one in text]
        return _pattern(sorted(words, key=lambda one: (-len(one), one))) if words else None


def _pattern(words: Iterable[str]) -> re.Pattern[str]:
    """Of words, the longest first. Those with one beginning are together: where none begins, one look tells."""
    short, groups = [], dict[str, list[str]]()
    for one in words:
        if len(one) < SHORTEST:
            short.append(rf"(?<!\w){re.escape(one)}(?!\w)")
        else:
            groups.setdefault(one[0], []).append(re.escape(one))
    return re.compile("|".join([*(f"(?:{'|'.join(group)})" for group in groups.values()), *short]))
