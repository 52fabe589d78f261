"""Writes schema/blueprint.schema.json, made from the grammar's table in durable_wf/dsl.

    tools/gen_blueprint_schema.py           write it
    tools/gen_blueprint_schema.py --check   fail if it is not what would be written

`durable-wf schema blueprint` prints the same, where no extension adds functions.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from durable_wf.cli.schemas import builtin_names
from durable_wf.dsl.json_schema import blueprint_schema

TARGET = Path(__file__).parent.parent / "schema" / "blueprint.schema.json"


def generated() -> str:
    """What the file should contain."""
    return json.dumps(blueprint_schema(builtin_names()), indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    """Write the file, or with --check compare it; 1 if it is stale."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the file is stale")
    check = parser.parse_args().check
    text = generated()
    if TARGET.exists() and TARGET.read_text(encoding="utf-8") == text:
        return 0
    if check:
        print(f"{TARGET.relative_to(TARGET.parent.parent)} is stale; run tools/gen_blueprint_schema.py")
        return 1
    TARGET.write_text(text, encoding="utf-8")
    print(f"wrote {TARGET.relative_to(TARGET.parent.parent)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
