"""A workflow that logs between its tasks, killed before each of its commits in turn, and resumed.

python -m tests.crash.lines FOLDER       prints the lines that each journal has at the end, as JSON
"""

import json
import sys
from itertools import count
from pathlib import Path

from durable_wf import Engine, workflow
from durable_wf.journal.sqlite import open_journal
from tests.crash.held import note
from tools.crash.children import ask_child, in_child
from tools.crash.killing import Kill, KillingJournal


@workflow
def talks(ctx):
    """Says something before, between and after."""
    ctx.logger.info("before")
    for number in range(3):
        ctx.execute_task(note, kwargs={"label": "x"}).get()
        ctx.logger.warning("after %s", number % 2)


def run(path, n):
    journal = KillingJournal(open_journal(path, durability="process"), Kill(n, "before"))
    with Engine(journal, new_id=lambda: "talks") as engine:
        engine.wait(engine.start(talks))


def resume(path):
    with Engine(path, durability="process") as engine:
        if not engine.executions():
            return None
        engine.wait(engine.resume("talks"))
        return [event.message for event in engine.journal.events(1)]


def main(folder):
    found = []
    for n in count(1):
        path = str(Path(folder) / f"{n}.db")
        if not in_child(Path(folder) / "log", run, path, n).signal:
            return found
        found.append(ask_child(Path(folder) / "log", resume, path))
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1])))
