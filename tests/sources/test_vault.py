"""What was handed out is kept out of all that is stored or said (L10)."""

import json

import pytest

from durable_wf.sources.vault import SecretInValue, Vault, is_reference

SECRETS = {
    "password": "hush-hush",
    "longer": "hush-hush-hush",
    "short": "abc",
    "regex": "a+b(c)",
    "json": json.dumps({"user": "somebody", "pin": 123456, "n": 5, "list": ["x", {"deep": "secret-part"}]}),
    "broken": "{not json",
    "empty": "",
}


class Source:
    def __init__(self, values=SECRETS):
        self.values = dict(values)

    def get(self, name):
        return self.values.get(name)


@pytest.fixture
def vault():
    return Vault(Source)


def given(vault, *names):
    for name in names:
        assert vault.value(name) == SECRETS[name]
    return vault


def test_nothing_is_known_before_it_is_handed_out(vault):
    """Then everything passes as it is; that a secret is there can be asked without that."""
    assert vault.has("password")
    assert not vault.has("no")
    data = {"a": "hush-hush"}
    assert vault.masked(data) is data
    assert vault.concealed(data, "result") is data
    with pytest.raises(KeyError):
        vault.value("no")


def test_what_is_said_is_masked(vault):
    """With the name; the longest first; in texts, lists, keys, and long numbers."""
    given(vault, "password", "longer", "regex", "json", "broken", "empty")
    assert vault.masked_text("a hush-hush-hush b hush-hush! a+b(c)") == (
        "a <secret longer> b <secret password>! <secret regex>"
    )
    assert vault.masked({"hush-hush": ["xhush-hushx", 1, None, True, 123456, 5]}) == {
        "<secret password>": ["x<secret password>x", 1, None, True, "<secret json.pin>", 5]
    }
    assert vault.masked("user somebody has secret-part, x") == (
        "user <secret json.user> has <secret json.list.1.deep>, x"
    )


def test_a_short_secret_is_masked_as_a_word(vault):
    """Inside of other words it would make every text unreadable."""
    given(vault, "short")
    assert vault.masked_text("abc, xabc abcx =abc") == "<secret short>, xabc abcx =<secret short>"


def test_what_is_stored_of_a_secret_is_its_reference(vault):
    """And read back it is the value; references pass as they are."""
    given(vault, "password", "short", "json")
    data = {"a": "hush-hush", "b": ["abc", {"c": "secret-part"}], "d": SECRETS["json"], "e": "plain", "f": 5, "g": None}
    kept = vault.concealed(data, "result")
    assert kept == {
        "a": {"get_secret": "password"},
        "b": [{"get_secret": "short"}, {"c": {"get_secret": ["json", "list", 1, "deep"]}}],
        "d": {"get_secret": "json"},
        "e": "plain",
        "f": 5,
        "g": None,
    }
    assert vault.concealed(kept, "result") == kept
    assert vault.revealed(kept) == data


@pytest.mark.parametrize(
    ("data", "where"),
    [
        ("user:hush-hush", "result"),
        ({"a": ["x", "(hush-hush)"]}, r"result\.a\[1\]"),
        ({"hush-hush": 1}, "a key of result"),
        ({"hush-hush": {"a": "hush-hush."}}, "a key of result"),
        (123456, "result"),
        ("abc and hush-hush", "result"),
    ],
)
def test_a_text_with_a_secret_inside_is_not_stored(vault, data, where):
    """The error names the key and the secret, never the value."""
    given(vault, "password", "json", "short")
    with pytest.raises(SecretInValue, match=f"{where}.* has the secret '.*' inside of it") as caught:
        vault.concealed(data, "result")
    assert "hush" not in str(caught.value)
    assert "123456" not in str(caught.value)


def test_a_short_secret_inside_a_text_is_stored(vault):
    """Six characters are the least that is looked for."""
    given(vault, "short")
    assert vault.concealed("abc abc", "result") == "abc abc"


def test_what_was_taken_out_of_a_secret_is_known_too(vault):
    """However short; numbers from six digits on."""
    vault.told("json", ["list", 0], "x")
    vault.told("json", ["n"], 5)
    assert vault.concealed(["x", 5], "result") == [{"get_secret": ["json", "list", 0]}, 5]
    assert vault.masked_text("x xx") == "<secret json.list.0> xx"


def test_a_secret_with_the_value_of_another(vault):
    """The one that was handed out last is its reference; both mean the same."""
    vault.use(Source({"one": "the-same", "two": "the-same"}))
    assert (vault.value("one"), vault.value("two")) == ("the-same", "the-same")
    assert vault.revealed(vault.concealed("the-same", "result")) == "the-same"


def test_a_value_that_was_changed_meanwhile(vault):
    """The old one stays known; references give the new one."""
    source = Source({"one": "old-value"})
    vault.use(source)
    vault.value("one")
    source.values["one"] = "new-value"
    assert vault.value("one") == "new-value"
    assert vault.masked_text("old-value new-value") == "<secret one> <secret one>"
    assert vault.revealed({"get_secret": "one"}) == "new-value"


def test_a_reference_to_what_is_gone_stays(vault):
    """Also one that leads nowhere in what is there, or that never was JSON."""
    for given_name in ("no", ["json", "nowhere"], ["json", "list", 7], ["broken", "a"], ["json", "pin", "a"]):
        assert vault.revealed([{"get_secret": given_name}]) == [{"get_secret": given_name}]


def test_what_is_a_reference():
    """A call of get_secret with literal arguments."""
    assert is_reference({"get_secret": "a"})
    assert is_reference({"get_secret": ["a", "b", 0]})
    for data in ({"get_secret": []}, {"get_secret": {"get_input": "a"}}, {"get_secret": "a", "b": 1}, {}, "get_secret"):
        assert not is_reference(data)
