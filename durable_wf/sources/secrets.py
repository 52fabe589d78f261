"""Where the values of secrets are: outside of every journal. The environment, then a file, then the keyring.

Source: design.md "Secrets"; reference/blueprint-dsl.md §14 ("Secrets"). `vault.py` hands them out.
"""

from __future__ import annotations

import fcntl
import importlib
import importlib.util
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from durable_wf.errors import NotFoundError, StorageError, UsageError
from durable_wf.sources.whole import put

PREFIX = "DURABLE_WF_SECRET_"
FILE_VARIABLE = "DURABLE_WF_SECRETS_FILE"
MAX_BYTES = 100_000  # of one value
_SERVICE = "durable-wf"
_INDEX = "durable-wf names"  # the keyring cannot list; this entry holds the names
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,200}")


class SecretsError(StorageError):
    """The store of secrets cannot be used as it is."""

    code = "secret-store"
    explanation = (
        "Secrets are looked for in variables DURABLE_WF_SECRET_NAME, then in a file that only its owner may read "
        "(mode 0600), then in the keyring, if the package `keyring` is installed. The text says what is wrong with it."
    )


class Listed(NamedTuple):
    """A secret's name and the store that answers for it."""

    name: str
    store: str


class Store(Protocol):
    """One place of secrets; `title` is how people see it."""

    @property
    def title(self) -> str: ...

    def get(self, name: str) -> str | None:
        """The value, or None. raises SecretsError."""
        ...

    def names(self) -> Sequence[str]:
        """All names, sorted. raises SecretsError."""
        ...


class WritableStore(Store, Protocol):
    """One that can be changed."""

    def set(self, name: str, value: str) -> None:
        """Keep a value. raises SecretsError."""
        ...

    def delete(self, name: str) -> bool:
        """Whether there was one. raises SecretsError."""
        ...


class EnvironmentStore:
    """Variables `DURABLE_WF_SECRET_name`; for a name with other characters, in capitals with `_` for each of those."""

    title = "environment"

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def get(self, name: str) -> str | None:
        """The value, or None."""
        found = self._environ.get(PREFIX + name)
        return self._environ.get(PREFIX + re.sub(r"\W", "_", name).upper()) if found is None else found

    def names(self) -> list[str]:
        """What stands after the prefix."""
        return sorted(name.removeprefix(PREFIX) for name in self._environ if name.startswith(PREFIX))


class FileStore:
    """A JSON file that only its owner may read or write. It is replaced as a whole: a crash leaves the old or the new.

    path  made by the first `set`, with folders that only the owner may enter
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.title = str(path)

    def get(self, name: str) -> str | None:
        """The value, or None."""
        return self._read().get(name)

    def names(self) -> list[str]:
        """All names."""
        return sorted(self._read())

    def set(self, name: str, value: str) -> None:
        """Keep a value."""
        with self._locked():
            self._write({**self._read(), name: value})

    def keep(self, values: Mapping[str, str]) -> None:
        """Keep all of the values, or none."""
        with self._locked():
            self._write({**self._read(), **values})

    def delete(self, name: str) -> bool:
        """Whether there was one."""
        return self.drop([name])

    def drop(self, names: Iterable[str]) -> bool:
        """Delete what there is of some names, all of it or none; whether there was any."""
        with self._locked():
            known = self._read()
            left = {key: value for key, value in known.items() if key not in set(names)}
            if len(left) == len(known):
                return False
            self._write(left)
            return True

    def _read(self) -> dict[str, str]:
        try:
            with self.path.open("rb") as file:
                self._check(os.fstat(file.fileno()))
                data = file.read()
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise SecretsError(f"the file of secrets {self.path} cannot be read: {error.strerror}") from error
        try:
            found = json.loads(data)
        except (ValueError, RecursionError):  # the cause would quote the file
            found = None
        if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
            raise SecretsError(f"the file of secrets {self.path} is not a JSON object of texts") from None
        return found

    def _check(self, stat: os.stat_result) -> None:
        if stat.st_mode & 0o077:
            text = f"others than its owner may read the file of secrets {self.path} (mode {stat.st_mode & 0o777:04o})"
            raise SecretsError(text, hint=f"chmod 600 {self.path}")
        if stat.st_uid != os.geteuid():
            raise SecretsError(f"the file of secrets {self.path} belongs to somebody else (uid {stat.st_uid})")

    def _write(self, values: Mapping[str, str]) -> None:
        descriptor, name = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")  # mode 0600
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(dict(sorted(values.items())), file, indent=1)
            put(Path(name), self.path)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One writer at a time."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = self.path.with_name(f"{self.path.name}.lock")
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                yield
            finally:
                os.close(descriptor)
        except OSError as error:
            raise SecretsError(f"the file of secrets {self.path} cannot be written: {error.strerror}") from error


class KeyringStore:
    """The system's keyring, through the package `keyring`.

    load  gives the package's module
    """

    title = "keyring"

    def __init__(self, load: Callable[[], Any] = lambda: importlib.import_module("keyring")) -> None:
        self._load = load

    def get(self, name: str) -> str | None:
        """The value, or None; also where the system has no keyring that can be used."""
        try:
            found: str | None = self._load().get_password(_SERVICE, name)
        except Exception:  # noqa: BLE001 - a backend of somebody else's; its text may hold anything
            return None
        return found

    def names(self) -> list[str]:
        """The names that were set here: a keyring does not tell its entries."""
        try:
            text = self._load().get_password(_INDEX, "names")
        except Exception:  # noqa: BLE001 - as above
            return []
        return sorted(json.loads(text)) if text else []

    def set(self, name: str, value: str) -> None:
        """Keep a value."""
        self._change(lambda ring: ring.set_password(_SERVICE, name, value))
        if self.get(name) != value:
            raise SecretsError(
                "the keyring does not keep what it is given", hint="`keyring diagnose` shows its backend"
            )
        self._index({*self.names(), name})

    def delete(self, name: str) -> bool:
        """Whether there was one."""
        if self.get(name) is None:
            return False
        self._change(lambda ring: ring.delete_password(_SERVICE, name))
        self._index({*self.names()} - {name})
        return True

    def _index(self, names: Iterable[str]) -> None:
        self._change(lambda ring: ring.set_password(_INDEX, "names", json.dumps(sorted(names))))

    def _change(self, change: Callable[[Any], object]) -> None:
        try:
            change(self._load())
        except Exception as error:  # noqa: BLE001 - as above: the text of its error may quote what it was given
            raise SecretsError(f"the keyring cannot be changed: {type(error).__name__}") from None


class SecretStores:
    """The stores together; the first that has a name answers.

    file     where `set` writes
    keyring  None where the package is not installed
    """

    def __init__(self, environ: Mapping[str, str], file: FileStore | None, keyring: KeyringStore | None) -> None:
        self.environment = EnvironmentStore(environ)
        self.file = file
        self.keyring = keyring

    @property
    def stores(self) -> list[Store]:
        """In the order of asking."""
        return [one for one in (self.environment, self.file, self.keyring) if one is not None]

    def get(self, name: str) -> str | None:
        """The value of a secret, or None. raises SecretsError where a store cannot be read."""
        return next((value for one in self.stores if (value := one.get(name)) is not None), None)

    def listed(self) -> list[Listed]:
        """Every name once, with the store that answers for it."""
        found: dict[str, Listed] = {}
        for store in self.stores:
            for name in store.names():
                found.setdefault(name, Listed(name, store.title))
        return sorted(found.values())

    def set(self, name: str, value: str, *, in_keyring: bool = False) -> str:
        """Keep a value; where.

        raises  UsageError for a name or value that cannot be one; SecretsError
        """
        self._check(name, value)
        store: WritableStore = self._keyring() if in_keyring else self._file()
        store.set(name, value)
        return store.title

    def keep(self, values: Mapping[str, str]) -> None:
        """Keep values that were declared secret in the file, all of them or none.

        raises  UsageError for a value that is too large; SecretsError
        """
        for name, value in values.items():
            self._check(name, value)
        self._file().keep(values)

    def drop(self, names: Iterable[str]) -> None:
        """Delete what `keep` kept, as far as it is there. raises SecretsError."""
        if self.file is not None and self.file.path.exists():
            self.file.drop(names)

    def delete(self, name: str) -> list[str]:
        """Delete a secret from all stores that can be written; which had it.

        raises  NotFoundError where none had; SecretsError
        """
        stores: list[WritableStore] = [one for one in (self.file, self.keyring) if one is not None]
        found = [store.title for store in stores if store.delete(name)]
        if not found:
            hint = (
                "it comes from the environment: unset the variable" if self.environment.get(name) is not None else None
            )
            raise NotFoundError(f"there is no secret '{name}' that could be deleted", hint=hint)
        return found

    @staticmethod
    def _check(name: str, value: str) -> None:
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"{name[:50]!r} is no name of a secret: 1 to 200 characters, none of them a control character"
            )
        if not value or len(value.encode("utf-8", "surrogatepass")) > MAX_BYTES or "\0" in value:
            raise UsageError(f"the value of a secret is a text of 1 to {MAX_BYTES} bytes")

    def _keyring(self) -> KeyringStore:
        if self.keyring is None:
            raise UsageError("the package 'keyring' is not installed", hint="pip install 'durable-wf[keyring]'")
        return self.keyring

    def _file(self) -> FileStore:
        if self.file is None:
            hint = f"name one with {FILE_VARIABLE}"
            raise SecretsError("there is no home directory, so no place for a file of secrets", hint=hint)
        return self.file


def secret_stores(environ: Mapping[str, str], file: Path | None = None) -> SecretStores:
    """The stores of a process.

    file  None: what the variable DURABLE_WF_SECRETS_FILE names, else one in the user's data directory
    """
    if file is None and environ.get(FILE_VARIABLE):
        file = Path(environ[FILE_VARIABLE]).expanduser()
    if file is None and any(environ.get(name, "").startswith("/") for name in ("XDG_DATA_HOME", "HOME")):
        from platformdirs import user_data_path

        file = user_data_path("durable-wf") / "secrets.json"
    has_keyring = importlib.util.find_spec("keyring") is not None
    return SecretStores(environ, FileStore(file) if file else None, KeyringStore() if has_keyring else None)
