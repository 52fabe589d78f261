"""Starting `child.py`."""

import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

CHILD = Path(__file__).parent / "child.py"
PATIENCE = 60.0  # seconds until something broken fails a test instead of hanging it


@contextmanager
def process(*arguments, prefix=()):
    """A child process; it ends when its stdin does, or is killed."""
    child = subprocess.Popen(
        [*prefix, sys.executable, str(CHILD), *map(str, arguments)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
    )  # fmt: skip
    try:
        yield child
    finally:
        child.stdin.close()
        child.kill()
        child.wait(PATIENCE)
        child.stdout.close()
