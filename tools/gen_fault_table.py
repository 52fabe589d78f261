"""Writes the table of faults in docs/reliability.md, which is made from docs/faults.json.

tools/gen_fault_table.py           write it
tools/gen_fault_table.py --check   fail if it is not what would be written
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tools.crash import results


def main() -> int:
    """Write the page, or with --check compare it; 1 if it is stale."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the page is stale")
    check = parser.parse_args().check
    page = results.PAGE.read_text()
    wanted = results.rendered(page, results.read())
    if page == wanted:
        return 0
    if check:
        print(f"{results.PAGE.name} is stale: run tools/gen_fault_table.py")
        return 1
    results.PAGE.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
