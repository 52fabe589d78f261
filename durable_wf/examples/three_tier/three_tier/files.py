"""Files that are whole or absent, whenever the writer is killed.

Every function is safe to repeat, except the two that append: those are what makes an operation unsafe to repeat.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
from pathlib import Path
from typing import Any

_TRIES = 100


def write_json(path: Path, value: Any) -> None:
    """Replace the file at once: a reader sees the old text or the new one. One writer at a time for each path."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(json.dumps(value, sort_keys=True) + "\n", encoding="utf-8")
    part.replace(path)


def read_json(path: Path) -> Any:
    """The file's value, or None where there is no such file."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None


def remove_tree(folder: Path) -> None:
    """Remove the folder with all it holds, also while somebody still writes there; one that is not there is as good."""
    for _ in range(_TRIES):
        try:
            shutil.rmtree(folder)
        except FileNotFoundError:  # the folder, or something in it that went away meanwhile
            pass
        except OSError as error:
            if error.errno != errno.ENOTEMPTY:
                raise
        if not folder.exists():
            return
    raise OSError(errno.ENOTEMPTY, "somebody goes on writing there", str(folder))


def append_line(path: Path, value: Any) -> None:
    """Add one line of JSON with one write, so that lines of several writers never mix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    line = json.dumps(value, sort_keys=True) + "\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)


def append_numbered(path: Path, value: dict[str, Any]) -> int:
    """Add a line with the next free `number`, and return the number. Running it twice takes two numbers."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        number = 1 + sum(1 for _ in file)
        file.write(json.dumps({"number": number, **value}, sort_keys=True) + "\n")
    return number


def read_lines(path: Path) -> list[Any]:
    """The values of a file of JSON lines; none where there is no such file."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
