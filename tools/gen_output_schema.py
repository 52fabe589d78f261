"""Writes schema/output.schema.json: what each command prints with `--json`.

    tools/gen_output_schema.py           write it
    tools/gen_output_schema.py --check   fail if it is not what would be written

`durable-wf schema output` prints the same.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from durable_wf.cli.output_schema import output_schema

TARGET = Path(__file__).parent.parent / "schema" / "output.schema.json"


def generated() -> str:
    """What the file should contain."""
    return json.dumps(output_schema(), indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    """Write the file, or with --check compare it; 1 if it is stale."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the file is stale")
    check = parser.parse_args().check
    text = generated()
    if TARGET.exists() and TARGET.read_text(encoding="utf-8") == text:
        return 0
    if check:
        print(f"{TARGET.relative_to(TARGET.parent.parent)} is stale; run tools/gen_output_schema.py")
        return 1
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(text, encoding="utf-8")
    print(f"wrote {TARGET.relative_to(TARGET.parent.parent)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
