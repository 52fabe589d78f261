"""What the generators of files share: they write, or with --check compare."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent


def main(doc: str | None, tool: str, target: Path, generated: Callable[[], str]) -> int:
    """The command line of a generator: write the file, or with --check compare it; 1 if it is stale.

    doc        of the tool, for its --help
    tool       its name
    generated  what the file should contain
    """
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the file is stale")
    check = parser.parse_args().check
    text = generated()
    if target.exists() and target.read_text(encoding="utf-8") == text:
        return 0
    name = target.relative_to(ROOT) if target.is_relative_to(ROOT) else target
    if check:
        print(f"{name} is stale; run tools/{tool}")
        return 1
    target.write_text(text, encoding="utf-8")
    print(f"wrote {name}")
    return 0
