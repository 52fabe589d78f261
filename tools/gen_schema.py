"""Writes schema/journal.sql and schema/states.md, which are made from durable_wf/model.

    tools/gen_schema.py           write them
    tools/gen_schema.py --check   fail if one is not what would be written

Both are whole: nothing in them is kept from before.
"""

from __future__ import annotations

import argparse
import sys
from enum import StrEnum
from pathlib import Path

from durable_wf.journal import schema
from durable_wf.model.machine import Machine
from durable_wf.model.states import MACHINES

SCHEMA = Path(__file__).parent.parent / "schema"

HEAD = """# States

Made by `tools/gen_schema.py` from `durable_wf/model/states.py`; do not edit. A state's code in the journal is the
number before it. Where a table forbids, no other transition can be written: not by the code, not by SQL.
"""


def diagram(machine: Machine[StrEnum, StrEnum]) -> str:
    """The machine as a mermaid diagram. Several events between two states share one arrow."""
    events: dict[tuple[str, str], list[str]] = {}
    for row in machine.rows:
        events.setdefault((row.source, row.target), []).append(row.event)
    arrows = [f"    {source} --> {target}: {', '.join(names)}" for (source, target), names in events.items()]
    ends = [f"    {state} --> [*]" for state in machine.states if state in machine.ended]
    return "\n".join(["```mermaid", "stateDiagram-v2", f"    [*] --> {machine.initial}", *arrows, *ends, "```"])


def section(machine: Machine[StrEnum, StrEnum]) -> str:
    """One machine: what it forbids, its states, its diagram, its rows and why each is there."""
    guarded = "The table forbids." if machine.guarded else "The table documents; authors may set any state."
    codes = ", ".join(f"{code} {state}" for code, state in enumerate(machine.states))
    rows = [f"| {row.source} | {row.event} | {row.target} | {row.why} |" for row in machine.rows]
    table = "\n".join(["| from | event | to | why |", "|---|---|---|---|", *rows])
    return f"## {machine.name}\n\n{guarded} States: {codes}.\n\n{diagram(machine)}\n\n{table}\n"


def generated() -> dict[Path, str]:
    """What each file should contain."""
    return {
        SCHEMA / "journal.sql": schema.script(),
        SCHEMA / "states.md": "\n".join([HEAD, *map(section, MACHINES)]),
    }


def main() -> int:
    """Write the files, or with --check compare them; 1 if one is stale."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is stale")
    check = parser.parse_args().check
    stale = [path for path, text in generated().items() if not path.exists() or path.read_text() != text]
    for path in stale:
        if check:
            print(f"{path.relative_to(SCHEMA.parent)} is stale; run tools/gen_schema.py")
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(generated()[path])
            print(f"wrote {path.relative_to(SCHEMA.parent)}")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
