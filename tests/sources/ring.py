"""A keyring of the tests: a JSON file behind the real package's interface. PYTHON_KEYRING_BACKEND names it."""

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

FILE = "TESTS_KEYRING_FILE"


class FileRing(KeyringBackend):
    """Entries by service and name, in the file that the variable names."""

    priority = 1

    def get_password(self, service, username):
        return self._read().get(f"{service}/{username}")

    def set_password(self, service, username, password):
        self._path.write_text(json.dumps({**self._read(), f"{service}/{username}": password}))

    def delete_password(self, service, username):
        known = self._read()
        if known.pop(f"{service}/{username}", None) is None:
            raise PasswordDeleteError("no such entry")
        self._path.write_text(json.dumps(known))

    @property
    def _path(self):
        return Path(os.environ[FILE])

    def _read(self):
        return json.loads(self._path.read_text()) if self._path.exists() else {}
