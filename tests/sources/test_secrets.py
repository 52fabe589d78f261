"""Stores of secrets: the environment, a file that only its owner may read, the keyring."""

import json
import os
import stat
import threading

import pytest

from durable_wf.errors import NotFoundError, UsageError
from durable_wf.sources.secrets import (
    MAX_BYTES,
    EnvironmentStore,
    FileStore,
    KeyringStore,
    SecretsError,
    SecretStores,
    secret_stores,
)


class Ring:
    """A keyring in memory."""

    def __init__(self, *, broken=False):
        self.entries, self.broken = {}, broken

    def _check(self):
        if self.broken:
            text = "no backend for hush-hush"
            raise RuntimeError(text)

    def get_password(self, service, name):
        self._check()
        return self.entries.get((service, name))

    def set_password(self, service, name, value):
        self._check()
        self.entries[service, name] = value

    def delete_password(self, service, name):
        self._check()
        del self.entries[service, name]


@pytest.fixture
def file(tmp_path):
    return FileStore(tmp_path / "deep" / "secrets.json")


def test_a_file_keeps_values_for_its_owner_only(file):
    """Mode 0600, in a folder of mode 0700; nothing else is left in it but the lock."""
    assert (file.get("a"), file.names(), file.delete("a")) == (None, [], False)
    file.set("b", "two\nlines")
    file.set("a", "ä")
    assert (file.names(), file.get("a"), file.get("b")) == (["a", "b"], "ä", "two\nlines")
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.path.parent.stat().st_mode) == 0o700
    assert file.delete("a")
    assert FileStore(file.path).names() == ["b"]
    assert {one.name for one in file.path.parent.iterdir()} == {"secrets.json", "secrets.json.lock"}


def test_a_file_that_others_may_read_is_refused(file):
    """Before anything is read of it; so is one that is no file of secrets, without quoting it."""
    file.set("a", "hush-hush")
    file.path.chmod(0o640)
    with pytest.raises(SecretsError, match=r"others than its owner .* \(mode 0640\)") as caught:
        file.get("a")
    assert caught.value.hint == f"chmod 600 {file.path}"
    with pytest.raises(SecretsError):
        file.set("b", "x")
    file.path.chmod(0o600)
    for text in ('{"a": "hush-hush"', '["hush-hush"]', '{"a": {"hush-hush": 1}}', "\xff"):
        file.path.write_bytes(text.encode("latin-1"))
        with pytest.raises(SecretsError, match="is not a JSON object of texts") as caught:
            file.get("a")
        assert caught.value.__suppress_context__


def test_a_file_that_cannot_be_had(tmp_path):
    """One error of ours, which names it."""
    (tmp_path / "folder").mkdir()
    with pytest.raises(SecretsError, match="cannot be read"):
        FileStore(tmp_path / "folder").get("a")
    (tmp_path / "plain").write_text("")
    with pytest.raises(SecretsError, match="cannot be written"):
        FileStore(tmp_path / "plain" / "secrets.json").set("a", "b")


def test_a_write_that_fails_leaves_the_old_file(file, monkeypatch):
    """And no other file."""
    file.set("a", "old")

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SecretsError, match="No space left"):
        file.set("a", "new")
    assert file.get("a") == "old"
    assert len(list(file.path.parent.iterdir())) == 2


def test_writers_of_one_file_lose_nothing(file):
    """Each waits for the other."""
    threads = [threading.Thread(target=file.set, args=(f"n{n}", str(n))) for n in range(20)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(file.names()) == 20


def test_the_environment():
    """As it is named, or in capitals with _ for what a variable's name cannot have."""
    store = EnvironmentStore({"DURABLE_WF_SECRET_a": "1", "DURABLE_WF_SECRET_DB_PASSWORD": "2", "OTHER": "3"})
    assert (store.get("a"), store.get("db-password"), store.get("DB_PASSWORD"), store.get("b")) == ("1", "2", "2", None)
    assert store.names() == ["DB_PASSWORD", "a"]


def test_a_keyring():
    """Its names are kept in an entry of their own; one that does not work has nothing, and says so when it is set."""
    ring = Ring()
    store = KeyringStore(lambda: ring)
    store.set("b", "2")
    store.set("a", "1")
    assert (store.names(), store.get("a"), store.delete("a"), store.delete("a")) == (["a", "b"], "1", True, False)
    assert store.names() == ["b"]
    ring.broken = True
    assert (store.get("b"), store.names(), store.delete("b")) == (None, [], False)
    with pytest.raises(SecretsError, match="the keyring cannot be changed: RuntimeError") as caught:
        store.set("c", "hush-hush")
    assert caught.value.__suppress_context__


def test_the_stores_together(file):
    """The environment answers first, then the file, then the keyring; set writes the file."""
    ring = Ring()
    stores = SecretStores({"DURABLE_WF_SECRET_one": "env"}, file, KeyringStore(lambda: ring))
    assert stores.set("two", "file") == str(file.path)
    assert stores.set("three", "ring", in_keyring=True) == "keyring"
    stores.set("one", "hidden")
    assert [stores.get(name) for name in ("one", "two", "three", "four")] == ["env", "file", "ring", None]
    assert [tuple(one) for one in stores.listed()] == [
        ("one", "environment"),
        ("three", "keyring"),
        ("two", str(file.path)),
    ]
    assert stores.delete("three") == ["keyring"]
    assert stores.delete("one") == [str(file.path)]
    with pytest.raises(NotFoundError, match="no secret 'one' that could be deleted") as caught:
        stores.delete("one")
    assert "environment" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "value"),
    [("", "x"), ("a\nb", "x"), ("n" * 201, "x"), ("a", ""), ("a", "x" * (MAX_BYTES + 1)), ("a", "\0")],
)
def test_what_is_no_secret(file, name, value):
    """Nothing is written."""
    with pytest.raises(UsageError):
        SecretStores({}, file, None).set(name, value)
    assert not file.path.exists()


def test_where_the_stores_of_a_process_are(tmp_path):
    """A file that is named, the variable's, else the user's data directory; none without a home."""
    named = secret_stores({"DURABLE_WF_SECRETS_FILE": str(tmp_path / "v")}, tmp_path / "named")
    assert named.file.path == tmp_path / "named"
    assert secret_stores({"DURABLE_WF_SECRETS_FILE": str(tmp_path / "v")}).file.path == tmp_path / "v"
    assert secret_stores({"HOME": str(tmp_path)}).file.path.name == "secrets.json"
    homeless = secret_stores({})
    assert homeless.file is None
    with pytest.raises(SecretsError, match="no home directory"):
        homeless.set("a", "b")
    with pytest.raises(UsageError, match="'keyring' is not installed"):
        SecretStores({}, None, None).set("a", "b", in_keyring=True)


def test_the_file_is_json_that_a_person_can_read(file):
    """Names in order, so that a diff of it is small."""
    file.set("b", "2")
    file.set("a", "1")
    assert list(json.loads(file.path.read_text())) == ["a", "b"]
