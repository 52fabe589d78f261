"""Values are found in texts in whatever form they have there, however many are known."""

import base64
import html
import json
import shlex
from urllib.parse import quote, urlencode

import pytest

from durable_wf.sources.forms import forms, lines_of
from durable_wf.sources.redactor import Finder
from durable_wf.sources.secrets import FileStore, SecretsError, SecretStores
from durable_wf.sources.vault import SecretInValue, Vault

VALUE = 'a "b"/c€'
TABLE = [
    r'a \"b\"/c\u20ac', r'a \"b\"/c€', r'a \\\"b\\\"/c\\u20ac', r'a "b"/c\xe2\x82\xac',
    "a+%22b%22%2Fc%E2%82%AC", "a%20%22b%22/c%e2%82%ac", "a &quot;b&quot;/c€",
    "YSAiYiIvY+KCr", "YSAiYiIvY-KCr", "61202262222f63e282ac", "61202262222F63E282AC",
]  # fmt: skip


@pytest.mark.parametrize("form", TABLE)
def test_the_forms_of_a_value(form):
    """Those of docs/secrets.md."""
    assert form in forms(VALUE)


def in_json(value):
    """JSON with the value in it, as it is written into other texts."""
    for text in (json.dumps({"p": [value]}), json.dumps(value, ensure_ascii=False), json.dumps(value)):
        yield str(["curl", text])
        yield str(["curl", text.encode()])
        yield str({"it's": f"'{text}'"})
        yield shlex.join(["curl", text])
        yield html.escape(text)
        yield quote(text)
        yield urlencode({"a": text})
        yield from (base64.b64encode(b"-" * count + text.encode()).decode() for count in range(3))
        yield base64.urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize("value", [VALUE, 'hunter"2-kennwört', "it's 'me' again", "back\\slash\\es", "a\nline\nof\nit"])
def test_json_with_a_value_in_it_is_masked_wherever_it_is_written(vault, value):
    """As an argument of a command, in a URL, in a header."""
    vault.keep({"a": value})
    for text in in_json(value):
        masked = vault.masked_text(text)
        assert "<secret a>" in masked, text
        assert len(masked) < len(text) + len("<secret a>") - len(value) + 12, masked  # nothing of it is left over


def test_a_quote_is_escaped_only_in_a_text_that_has_both(vault):
    """Python's repr."""
    vault.keep({"a": "it's me"})
    for text in ("it's me", 'it\'s me, "he" said'):
        assert vault.masked_text(repr([text])).count("<secret a>") == 1


def test_a_value_of_a_shell_and_one_that_is_too_short():
    """A quoted word; and nothing of what would be found everywhere."""
    assert "it'\"'\"'s me" in forms("it's me")
    assert forms("short") == set()


def test_lines_of_a_value_of_several():
    """Long ones, without the frame."""
    assert lines_of("-----BEGIN KEY-----\nabcdefghijkl\nshort\n") == {"abcdefghijkl"}
    assert lines_of("abcdefghijklmnop") == set()


@pytest.mark.parametrize("count", [0, 1, 50, 500])
def test_words_are_found_however_many_there_are(count):
    """The longest first; short ones only as words."""
    words = [f"word-number-{number}" for number in range(count)]
    finder = Finder([*words, "needle", "needle-and-thread", "pin"])
    text = "a needle-and-thread, needles, a pin, pins, word-number-0!"
    assert finder.first(text) == "needle-and-thread"
    seen = "word-number-0" if count == 0 else "*"
    assert finder.replaced(text, lambda _: "*") == f"a *, *s, a *, pins, {seen}!"
    assert finder.first("nothing") is None
    assert Finder([]).replaced(text, lambda _: "*") == text


@pytest.fixture
def vault(tmp_path):
    return Vault(lambda: SecretStores({}, FileStore(tmp_path / "s.json"), None))


def test_a_value_that_was_announced_is_masked_and_not_stored(vault):
    """Not even as a reference, which would lead nowhere; once it is kept, as that."""
    vault.hide("inputs.password", "hush-hush")
    vault.hide("inputs.login", {"pin": 123456, "on": True, "name": "short"})
    assert vault.masked_text("x hush-hush 123456 short") == (
        "x <secret inputs.password> <secret inputs.login> <secret inputs.login>"
    )
    with pytest.raises(SecretInValue, match=r"result has the secret 'inputs\.password' inside"):
        vault.concealed("hush-hush", "result")
    vault.keep({"@d.inputs.password.1": "hush-hush"})
    assert vault.concealed("hush-hush", "result") == {"get_secret": "@d.inputs.password.1"}
    assert vault.revealed({"get_secret": "@d.inputs.password.1"}) == "hush-hush"
    vault.drop(["@d.inputs.password.1", "no"])
    assert not vault.has("@d.inputs.password.1")


def test_other_forms_are_not_stored_and_lines_are_only_masked(vault):
    """A result that has a secret in base64 fails; a line of one may stand in it."""
    vault.keep({"a": 'hush "hush"', "b": "first-line-of-it\nsecond-line-of-it"})
    assert "hush" not in vault.masked_text('{"a": "hush \\"hush\\""}')
    for text in ("aHVzaCAiaHVzaCI=", "hush+%22hush%22"):
        with pytest.raises(SecretInValue):
            vault.concealed({"k": text}, "result")
    assert vault.masked_text("second-line-of-it") == "<secret b>"
    assert vault.concealed("second-line-of-it", "result") == "second-line-of-it"


def test_a_store_that_only_reads_keeps_nothing():
    """Said, and nothing is known."""
    vault = Vault(dict)
    vault.keep({})
    with pytest.raises(SecretsError, match="cannot be written"):
        vault.keep({"a": "hush-hush"})
    assert not vault.knows
