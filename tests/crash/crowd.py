"""Many runners on one journal at once, forked from a process that has opened nothing.

python -m tests.crash.crowd JOURNAL PROCESSES EXECUTIONS

All wait for the last one to be made, then start together. Prints what went wrong, one line each; 1 if anything did.
"""

import os
import sys
import traceback

from durable_wf import Engine
from tests.crash.held import line_of_notes


def one(journal, executions):
    """Run that many executions at once, and wait for them."""
    with Engine(journal, durability="process", max_operations=2) as engine:
        started = [engine.start(line_of_notes, {"count": 3}) for _ in range(executions)]
        states = [engine.wait(uid, 120) for uid in started]
    return [f"an execution is {state}" for state in states if state != "terminated"]


def child(journal, executions, starting_line):
    os.read(starting_line, 1)  # ends when every writer has closed it
    try:
        found = one(journal, executions)
    except BaseException:  # noqa: BLE001 - whatever it is belongs into the report
        found = [traceback.format_exc()]
    for text in found:
        sys.stdout.write(f"process {os.getpid()}: {text}\n")
    sys.stdout.flush()
    os._exit(1 if found else 0)


def main(journal, processes, executions):
    ready, go = os.pipe()
    made = []
    for _ in range(int(processes)):
        pid = os.fork()
        if pid == 0:
            os.close(go)
            child(journal, int(executions), ready)
        made.append(pid)
    os.close(go)
    return 1 if any(os.waitpid(pid, 0)[1] for pid in made) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
