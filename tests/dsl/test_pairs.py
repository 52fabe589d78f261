"""Each code has a blueprint that is refused with it, and one that is nearly the same and accepted."""

import re

import pytest

from durable_wf.dsl.codes import CODES
from tests.dsl.made import MADE
from tests.dsl.pairs import all_pairs, read
from tests.dsl.samples import of_pair, problems_of

ALL = all_pairs()
MOST_LINES = 4  # that a refused and an accepted blueprint do not share


@pytest.mark.parametrize("pair", ALL, ids=str)
def test_one_mistake_is_one_problem_at_its_place(pair):
    """The code that the title names, and nothing else; a hint names what the accepted blueprint has there."""
    found = problems_of(of_pair(pair, pair.refused))
    assert [(one.code, one.file, one.line, one.column) for one in found] == [(pair.code, *spot) for spot in pair.spots]
    assert found
    for one in found:
        for meant in re.findall("did you mean '(.*)'", one.hint or ""):
            assert any(meant in line for line in pair.added), one.hint


@pytest.mark.parametrize("pair", ALL, ids=str)
def test_mending_it_is_enough(pair):
    """The other blueprint is accepted, and differs in little."""
    assert problems_of(of_pair(pair, pair.accepted)) == ()
    assert 0 < len(pair.removed) + len(pair.added) <= MOST_LINES


@pytest.mark.parametrize("code", MADE)
def test_a_limit_is_where_it_is_said_to_be(code):
    """What is at the limit is accepted; one more is one problem, at its place."""
    refused, accepted, spot = MADE[code]
    assert [(one.code, one.file, one.line, one.column) for one in problems_of(refused)] == [(code, *spot)]
    assert problems_of(accepted) == ()


def test_titles_name_codes_once():
    """A code may have several pairs; each then says what it shows."""
    titles = [str(pair) for pair in ALL]
    assert len(titles) == len(set(titles))
    assert {pair.code for pair in ALL} <= set(CODES)


def test_how_pairs_are_read():
    """Marks, places and files are as the module says."""
    text = "a comment\n=== some-code: more\n  a:\n-   b\n?   ^\n+   c\n@ lib.yaml\n- x\n? ^\n"
    (one,) = read(text, "head")
    assert str(one) == "some-code: more"
    assert one.texts(one.refused) == {"main.yaml": "head\na:\n  b\n", "lib.yaml": "x\n"}
    assert one.texts(one.accepted) == {"main.yaml": "head\na:\n  c\n", "lib.yaml": ""}
    assert one.spots == [("main.yaml", 3, 3), ("lib.yaml", 1, 1)]
    assert (one.removed, one.added) == (["  b", "x"], ["  c"])
    with pytest.raises(ValueError, match="line 2 has no mark: x"):
        read("=== some-code\nx\n")
