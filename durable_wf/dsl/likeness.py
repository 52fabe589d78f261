"""Which of many names is most like a word, with bounded work.

`difflib` alone takes seconds for a file full of unknown names. Names are sifted first, by length and then by the
letters that they share with the word; both bounds are exact, so what is left out could not have been similar enough.
Each sieve has a budget of its own: when one is spent, nothing is similar to anything any more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from difflib import SequenceMatcher

MOST_SIFTED = 2_000_000
"""Names whose length is looked at."""

MOST_WEIGHED = 100_000
"""Names whose letters are counted."""

MOST_COMPARED = 2_000
"""Names that are compared letter by letter."""

LONGEST = 64
"""A longer word is like nothing: nobody misspells it, and comparing costs the square of its length."""

_ROUNDING = 1e-9


class Likeness:
    """Finds names that are like words; one for all that is looked up in one report.

    sifted, weighed, compared   names that came to each of the sieves so far
    """

    def __init__(self) -> None:
        self.sifted = 0
        self.weighed = 0
        self.compared = 0

    def find(self, word: str, names: Iterable[str], cutoff: float) -> str | None:
        """The name most like `word`, if the ratio of `difflib` is `cutoff` or more; of equal ones the last by name."""
        return max(self.find_all(word, names, cutoff), default=None)

    def find_all(self, word: str, names: Iterable[str], cutoff: float) -> list[str]:
        """As `find`: all that are equally like it.

        cost  at most linear in the names, and all calls together at most the budgets of this module
        """
        known = self._sifted(word, names)
        low, high = _lengths(len(word), cutoff)
        near = [name for name in known if low <= len(name) <= high]
        if len(near) > MOST_WEIGHED - self.weighed:
            self.weighed = MOST_WEIGHED
            return []
        self.weighed += len(near)
        return self._best(word, _weighed(word, near, cutoff), cutoff)

    def _sifted(self, word: str, names: Iterable[str]) -> Collection[str]:
        """The names, counted; none where they cannot be looked at any more. They are not even made then."""
        is_spent = self.sifted >= MOST_SIFTED or self.weighed >= MOST_WEIGHED or self.compared >= MOST_COMPARED
        if is_spent or not word or len(word) > LONGEST:
            return ()
        known = names if isinstance(names, Collection) else list(names)
        is_enough = len(known) <= MOST_SIFTED - self.sifted
        self.sifted = self.sifted + len(known) if is_enough else MOST_SIFTED
        return known if is_enough else ()

    def _best(self, word: str, heavy: list[tuple[float, str]], cutoff: float) -> list[str]:
        """The best of the names that are left, which come with the most that their ratio can be."""
        matcher = SequenceMatcher(None, "", word, autojunk=False)
        best, found = cutoff, list[str]()
        for bound, name in sorted(heavy, reverse=True):
            if bound < best:
                break
            if self.compared >= MOST_COMPARED:
                return []
            self.compared += 1
            matcher.set_seq1(name)
            ratio = matcher.ratio()
            if ratio > best:
                best, found = ratio, [name]
            elif ratio == best and name not in found:
                found.append(name)
        return found


def _lengths(length: int, cutoff: float) -> tuple[float, float]:
    """The shortest and the longest name whose ratio, 2 * shared / (both lengths), can be `cutoff` at all."""
    factor = cutoff / (2 - cutoff)
    return length * factor - _ROUNDING, length / factor + _ROUNDING


def _weighed(word: str, names: list[str], cutoff: float) -> list[tuple[float, str]]:
    """Names whose letters, wherever they stand, are enough for `cutoff`; each with the ratio that these allow."""
    counts = {letter: word.count(letter) for letter in set(word)}
    found = []
    for name in names:
        shared = sum([min(count, name.count(letter)) for letter, count in counts.items()])
        bound = 2 * shared / (len(word) + len(name))
        if bound >= cutoff:
            found.append((bound, name))
    return found


_SHORTEST_SLIP = 4  # characters: a shorter name is one slip away from many
_SWAPPED = 2


def is_slip(word: str, name: str) -> bool:
    """Whether one character is too many, missing or another, or two are swapped, and none of them is a digit."""
    if min(len(word), len(name)) < _SHORTEST_SLIP:
        return False
    start = _common(word, name)
    one, other = word[start:], name[start:]
    end = _common(one[::-1], other[::-1])
    one, other = one[: len(one) - end], other[: len(other) - end]
    is_small = max(len(one), len(other)) <= 1 or (len(one) == _SWAPPED and one == other[::-1])
    return is_small and not any(char.isdigit() for char in one + other)


def _common(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
