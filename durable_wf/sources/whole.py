"""Puts files and folders into their places whole, so that neither a kill nor a power cut leaves a part there.

What a journal on the same disk says to be there, a deployment's plugin say, has to be there when the journal is.
"""

from __future__ import annotations

import os
from pathlib import Path


def put(made: Path, target: Path) -> None:
    """Rename a finished file or folder to `target`, on disk: first what is in it, then the name.

    raises  OSError, as where another folder that is not empty has come there meanwhile
    """
    if made.is_dir():
        for folder, _, files in os.walk(made, topdown=False):
            for name in files:
                sync(Path(folder) / name)
            sync(Path(folder))
    else:
        sync(made)
    made.replace(target)
    sync(target.parent)


def sync(path: Path) -> None:
    """Have on disk what a file holds, or the names that a folder has."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
