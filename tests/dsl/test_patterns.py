"""Patterns of authors: as Python matches them, but in bounded time."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from durable_wf.dsl.constraints import violation
from durable_wf.dsl.patterns import DEEPEST, LONGEST, TooManySteps, matches, refusal
from durable_wf.model.declarations import Constraint
from tests.dsl.kit import codes

PATTERNS = [
    *(
        "ab",
        "^ab$",
        "a|b|",
        "a*",
        "a+?b",
        "(a|b)*a",
        "(?:ab){2}",
        "a{2,3}b",
        "a{,2}$",
        ".b",
        "(?s).b",
        "[^a]b",
        "[a-c]+$",
    ),
    *(r"\d+\s\w\S", r"[\d_-]+$", r"\Aa\Z", r"\bab\b", r"a\Bb", "(?i)AB", "(?i:A)b", "(?m)^a$", "a$", "(?x) a  b # c"),
    *(
        "^(?=.*b)(?=.*a).{2}",
        "a(?!b)",
        ".(?<=a)b",
        ".(?<!a)b",
        "(?!)",
        "()*a",
        "(a*)*b",
        "(?P<n>a)b",
        "[]]",
        "[^^]",
        "\\.",
    ),
    *("^[a-z0-9]+(-[a-z0-9]+)*$", r"^([a-z0-9]+\.)+[a-z]+$", "ß", "(?i)ß", "(?i)[à-ý]", r"(?a)\w", r"\w", r"[\W]"),
]
TEXTS = [
    *(
        "",
        "a",
        "b",
        "ab",
        "ba",
        "aab",
        "aaab",
        "abab",
        "abba",
        "AB",
        "a\nb",
        "\nb",
        "ab\n",
        "a b",
        "1 aZ",
        "12_-",
        "]",
        "^",
    ),
    *("a-b-1", "a-", "web.example.org", "web..org", ".", "é", "É", "ß", "SS", "ẞ"),
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_matches_what_python_matches(pattern):
    """§4: at the start only."""
    assert refusal(pattern) == ""
    assert {text: matches(pattern, text) for text in TEXTS} == {
        text: re.match(pattern, text) is not None for text in TEXTS
    }


PIECES = st.recursive(
    st.sampled_from(["a", "b", ".", "[ab]", "[^a]", "^", "$", r"\b", r"\w", ""]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda two: f"(?:{two[0]}|{two[1]})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,2}", "*?", "{0,1}?"])).map(
            lambda two: f"({two[0]}){two[1]}"
        ),
        st.tuples(st.sampled_from(["(?=", "(?!"]), inner).map(lambda two: f"{two[0]}{two[1]})"),
    ),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(PIECES, st.text("ab\n", max_size=6))
def test_any_pattern_matches_what_python_matches(pattern, text):
    """Whatever is put together from the parts of the language."""
    assert matches(pattern, text) is (re.match(pattern, text) is not None)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("(a+)+b", "a" * 5000),
        ("(a|a)*b", "a" * 5000),
        ("(a|aa)+$", "a" * 5000 + "c"),
        (r"^(\w+\s?)*$", "a" * 5000 + "!"),
        ("a*a*a*a*a*b", "a" * 5000),
    ],
)
def test_patterns_that_would_never_end_end(pattern, text):
    """They are matched, not refused: the positions of a text are no more than it is long."""
    assert not matches(pattern, text)


def test_what_takes_too_many_steps_is_said_of_the_value():
    """The count is the same on every machine."""
    pattern = "((a?){100}){100}b"
    assert matches("a{3}", "aaa", steps=4)
    with pytest.raises(TooManySteps):
        matches("a{3}", "aaa", steps=3)
    said = violation(Constraint("pattern", pattern), "a" * 5000)
    assert said == f"takes too long to be matched: give the pattern {pattern} fewer repeats in repeats"


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ("(", "a regular expression"),
        (r"(a)\1", "without back references"),
        ("(a)(?(1)b|c)", "without back references"),
        ("(?>a)b", "atomic groups"),
        ("a++", "possessive"),
        ("a" * (LONGEST + 1), f"at most {LONGEST} characters"),
        ("(" * (DEEPEST + 2) + "a" + ")" * (DEEPEST + 2), f"at most {DEEPEST} deep"),
    ],
)
def test_a_pattern_that_could_not_be_bounded_is_refused_where_it_is_written(pattern, wanted):
    """And a value is not matched against one that an older plan has."""
    assert wanted in refusal(pattern)
    with pytest.raises(TypeError):
        matches(pattern, "a")
    assert codes(f"inputs: {{i: {{constraints: [{{pattern: '{pattern}'}}]}}}}") == ["bad-constraint-argument"]
