"""The older system's names: a folder of thin modules that only hand ours on.

Where the real packages are installed too, ours answer inside the engine.
"""

from __future__ import annotations

import sys
from pathlib import Path

NAMES = Path(__file__).parent / "names"


def install() -> None:
    """Put the folder first on the path, once."""
    folder = str(NAMES)
    if sys.path[:1] != [folder]:
        sys.path[:] = [folder, *(entry for entry in sys.path if entry != folder)]
