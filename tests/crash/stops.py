"""`durable-wf` in a process that kills itself at a point of the way of a secret.

`python -m tests.crash.stops POINT ARGUMENTS…`
"""

import os
import signal
import sys

from durable_wf.engine.safekeeping import Safe
from durable_wf.journal.sqlite import SqliteJournal
from durable_wf.sources import secrets, whole


def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)


def before(function):
    return lambda *arguments, **named: die() or function(*arguments, **named)


def after(function):
    return lambda *arguments, **named: (function(*arguments, **named), die())


def after_commit():
    """The first time that a turn ends after something was kept."""
    keep, turn = Safe.keep, SqliteJournal.turn
    kept = []

    class Ends:
        def __init__(self, inner):
            self.inner = inner

        def __enter__(self):
            return self.inner.__enter__()

        def __exit__(self, *about):
            found = self.inner.__exit__(*about)
            if kept:
                die()
            return found

    Safe.keep = lambda safe: (keep(safe), kept.append(1))
    SqliteJournal.turn = lambda *arguments: Ends(turn(*arguments))


def at(point):
    if point == "before the values":
        Safe.keep = before(Safe.keep)
    if point == "before the rename":
        secrets.put = before(whole.put)
    if point == "after the values":
        secrets.put = after(whole.put)
    if point == "before the commit":
        Safe.keep = after(Safe.keep)
    if point == "after the commit":
        after_commit()


if __name__ == "__main__":
    at(sys.argv[1])
    sys.argv = ["durable-wf", *sys.argv[2:]]
    from durable_wf.cli.app import main

    main()
