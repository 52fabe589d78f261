"""Writes docs/language.md: the reference of the blueprint language, made from the tables in durable_wf/dsl.

    tools/gen_language.py           write it
    tools/gen_language.py --check   fail if it is not what would be written

What no table says stands in tools/language/parts/, one file a heading; its examples are run by tests/docs.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tools.generated import ROOT, main
from tools.language.page import page

TARGET = ROOT / "docs" / "language.md"

if __name__ == "__main__":
    sys.exit(main(__doc__, Path(__file__).name, TARGET, page))
