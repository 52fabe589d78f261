"""Opens and closes a journal, and counts or records the calls on its files.

python -m tests.crash.opens FOLDER shim|strace|record
"""

import sys
from pathlib import Path

from durable_wf.journal.sqlite import open_journal
from tools.crash import shim

if __name__ == "__main__":
    folder, means = Path(sys.argv[1]).resolve(), sys.argv[2]
    journal = folder / "journal.db"
    if means != "strace":
        shim.preload()
    if means == "shim":
        shim.arm(shim.Strike("count", 0), journal)
    elif means == "record":
        shim.record(journal, folder / "recording.bin")
    opened = open_journal(journal)
    if means == "record":
        shim.mark("opened")
    opened.close()
    if means == "shim":
        sys.stdout.write(" ".join(str(shim.seen(call)) for call in shim.CALLS))
