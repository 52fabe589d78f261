"""The keyring with the real package, and a backend of the tests behind it."""

import json

import keyring
import pytest
from keyring.backends import fail, null

from durable_wf.errors import NotFoundError
from durable_wf.sources.secrets import KeyringStore, SecretsError, secret_stores
from tests.sources.ring import FILE, FileRing


@pytest.fixture
def ring(tmp_path, monkeypatch):
    """The file behind the keyring."""
    monkeypatch.setenv(FILE, str(tmp_path / "ring.json"))
    before = keyring.get_keyring()
    keyring.set_keyring(FileRing())
    yield tmp_path / "ring.json"
    keyring.set_keyring(before)


def test_a_secret_of_the_keyring_from_its_setting_to_its_end(ring, tmp_path):
    """Kept there, listed by the names that were set here, found by get, deleted; the file of secrets is not made."""
    stores = secret_stores({}, tmp_path / "s.json")
    assert stores.set("token", "hush-hush", in_keyring=True) == "keyring"
    assert stores.set("other", "x", in_keyring=True) == "keyring"
    assert json.loads(ring.read_text())["durable-wf/token"] == "hush-hush"
    assert [tuple(one) for one in stores.listed()] == [("other", "keyring"), ("token", "keyring")]
    assert stores.get("token") == "hush-hush"
    assert not (tmp_path / "s.json").exists()
    assert stores.delete("token") == ["keyring"]
    assert stores.get("token") is None
    assert [one.name for one in stores.listed()] == ["other"]
    with pytest.raises(NotFoundError):
        stores.delete("token")


@pytest.mark.parametrize(
    ("backend", "text"),
    [(fail.Keyring, "cannot be changed: NoKeyringError"), (null.Keyring, "does not keep what it is given")],
)
def test_a_system_without_a_keyring(ring, backend, text):
    """It has no names and no values; what cannot be kept there is said."""
    keyring.set_keyring(backend())
    store = KeyringStore()
    assert (store.get("a"), store.names(), store.delete("a")) == (None, [], False)
    with pytest.raises(SecretsError, match=text):
        store.set("a", "b")
