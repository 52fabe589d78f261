"""Writes schema/blueprint.schema.json, made from the grammar's table in durable_wf/dsl.

    tools/gen_blueprint_schema.py           write it
    tools/gen_blueprint_schema.py --check   fail if it is not what would be written

`durable-wf schema blueprint` prints the same, where no extension adds functions.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from durable_wf.cli.schemas import builtin_names
from durable_wf.dsl.json_schema import blueprint_schema
from tools.generated import ROOT, main

TARGET = ROOT / "schema" / "blueprint.schema.json"


def generated() -> str:
    """What the file should contain."""
    return json.dumps(blueprint_schema(builtin_names()), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main(__doc__, Path(__file__).name, TARGET, generated))
