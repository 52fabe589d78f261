"""Puts a request into the inbox of the journal's first execution, as another process would.

python -m tests.crash.asker JOURNAL
"""

import sys

from durable_wf.journal.sqlite import open_journal
from durable_wf.model.rows import Changes, Request


def ask(path):
    """The newest seq when the request was committed."""
    journal = open_journal(path, durability="process")
    try:
        with journal.turn() as turn:
            seq = turn.seq - 1
            turn.apply(Changes(requests=[Request(0, 1, "a kind of the future", "key", None, "a test", 0, None)]))
    finally:
        journal.close()
    return seq


if __name__ == "__main__":
    ask(sys.argv[1])
