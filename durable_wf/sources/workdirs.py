"""Folders of deployments' own, for what operations want to keep between them. Source: workflow-api §7.3."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path
from urllib.parse import quote

from durable_wf.errors import StorageError


class Workdirs:
    """`<folder>/workdirs/<deployment>`; without a folder, one in the temporary directory, made when it is needed.

    folder  the journal's
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._lock = threading.Lock()

    def of(self, deployment: str) -> Path:
        """The deployment's folder, made if it is not there; only this user may read it.

        raises  StorageError
        """
        try:
            path = self._root() / "workdirs" / _file_name(deployment)
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"no workdir can be made for deployment '{deployment}': {error.strerror}") from error
        return path

    @property
    def archives(self) -> Path | None:
        """Where archives of plugins are unpacked, each under its hash; None without a folder."""
        return None if self._folder is None else self._folder / "plugins"

    def close(self) -> None:
        """Take away what was temporary."""
        with self._lock:
            temporary, self._temporary = self._temporary, None
        if temporary is not None:
            temporary.cleanup()

    def _root(self) -> Path:
        if self._folder is not None:
            return self._folder
        with self._lock:
            if self._temporary is None:
                self._temporary = tempfile.TemporaryDirectory(prefix="durable-wf-")
            return Path(self._temporary.name)


def _file_name(name: str) -> str:
    """A name of one file for any text, other ones for other texts."""
    return name.replace(".", "%2E") if name in {".", ".."} else quote(name, safe=" @+=,")
