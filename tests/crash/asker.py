"""Puts a request into the inbox of the journal's first execution, as another process would.

python -m tests.crash.asker JOURNAL
python -m tests.crash.asker JOURNAL FIFO

With FIFO the request is one to cancel, and put there as soon as somebody has opened the FIFO to write.
"""

import sys
from pathlib import Path

from durable_wf.graph import cancel
from durable_wf.journal.sqlite import open_journal
from durable_wf.model.events import Level
from durable_wf.model.rows import Changes, Request


def ask(path, fifo=None):
    """The newest seq when the request was committed."""
    journal = open_journal(path, durability="process")
    kind, payload = "a kind of the future", None
    try:
        if fifo is not None:
            kind, payload = cancel.KIND, cancel.payload(Level.CANCEL, None)
            Path(fifo).read_text()
        with journal.turn() as turn:
            seq = turn.seq - 1
            turn.apply(Changes(requests=[Request(0, 1, kind, "key", payload, "a test", 0, None)]))
    finally:
        journal.close()
    return seq


if __name__ == "__main__":
    ask(*sys.argv[1:])
