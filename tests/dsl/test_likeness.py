"""Names that are like a word: the same answer as `difflib` gives, with bounded work."""

import random
from difflib import get_close_matches

import pytest

from durable_wf.dsl import likeness
from durable_wf.dsl.likeness import Likeness
from tests.dsl.kit import HEAD, problems

MANY = 3_000


def words(seed, count, letters="abcde_", longest=8):
    """Short words of few letters, so that many are alike."""
    source = random.Random(seed)
    return ["".join(source.choices(letters, k=source.randint(1, longest))) for _ in range(count)]


@pytest.mark.parametrize("cutoff", [0.6, 0.75, 0.85])
def test_it_finds_what_difflib_finds(cutoff):
    """The sieves leave nothing out that is similar enough, and choose among equals as difflib does."""
    found, names = Likeness(), words(1, 60)
    for word in words(2, 150):
        assert found.find(word, names, cutoff) == next(iter(get_close_matches(word, names, 1, cutoff)), None)
    assert 0 < found.compared < found.weighed < found.sifted


def test_most_names_are_never_compared():
    """A name of another length, or of other letters, costs next to nothing."""
    found = Likeness()
    names = ["x" * 30, "qqqq", *("zzzz" for _ in range(50)), "port"]
    assert found.find("prot", names, 0.6) == "port"
    assert (found.sifted, found.weighed, found.compared) == (53, 52, 1)


def test_a_long_word_is_like_nothing():
    """Comparing costs the square of the length; a key of many letters is no misspelling."""
    found = Likeness()
    assert found.find("a" * 65, ["a" * 64], 0.6) is None
    assert found.find("", [""], 0.6) is None
    assert found.sifted == 0


@pytest.mark.parametrize("budget", ["MOST_SIFTED", "MOST_WEIGHED", "MOST_COMPARED"])
def test_a_spent_budget_ends_all_hints(budget, monkeypatch):
    """Nothing is half looked at: the answer would depend on the order of the names. Names are not even made then."""
    monkeypatch.setattr(likeness, budget, 3)
    found = Likeness()
    assert [found.find("port", names, 0.6) for names in (["ports"], ["sport"], ["porta", "portb"], ["ports"])] == [
        "ports",
        "sport",
        None,
        None,
    ]

    def names():
        raise AssertionError
        yield ""

    assert found.find("port", names(), 0.6) is None


def _nodes():
    known = "".join(f"  node_{number}_web: {{type: cloudify.nodes.Root}}\n" for number in range(MANY))
    targets = "".join(
        f"      - {{type: cloudify.relationships.connected_to, target: nod_{number}_wb}}\n" for number in range(MANY)
    )
    return f"node_templates:\n{known}  last:\n    type: cloudify.nodes.Root\n    relationships:\n{targets}"


def _properties():
    schema = "".join(f"      property_{number}: {{default: 1}}\n" for number in range(MANY))
    given = "".join(f"      proprty_{number}: 1\n" for number in range(MANY))
    head = "node_types:\n  t:\n    derived_from: cloudify.nodes.Root\n    properties:\n"
    return f"{head}{schema}node_templates:\n  n:\n    type: t\n    properties:\n{given}"


@pytest.mark.slow
@pytest.mark.parametrize(("text", "code"), [(_nodes(), "unknown-target"), (_properties(), "undefined-property")])
def test_many_unknown_names_are_all_reported_and_the_first_have_hints(text, code, monkeypatch):
    """Thousands of unknown names against as many names: work is counted, not timed."""
    made = []
    start = Likeness.__init__
    monkeypatch.setattr(Likeness, "__init__", lambda self: (start(self), made.append(self))[0])
    found = problems(text, HEAD)
    assert [one.code for one in found] == [code] * MANY
    assert found[0].hint.startswith("did you mean")
    assert found[-1].hint is None
    assert sum(one.sifted for one in made) <= likeness.MOST_SIFTED
    assert sum(one.weighed for one in made) <= likeness.MOST_WEIGHED
    assert sum(one.compared for one in made) <= likeness.MOST_COMPARED
