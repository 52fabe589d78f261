"""Processes for tests: each does one thing with a journal, says so on stdout, and obeys stdin.

Run as `python child.py WHAT PATH [ARGUMENTS]`. It never waits for a time, only for a line or the end of stdin.
"""

import os
import resource
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from durable_wf.errors import DurableError
from durable_wf.journal import remake
from durable_wf.journal.reader import open_reader
from durable_wf.journal.sqlite import open_journal
from durable_wf.model.rows import Changes
from tests.journal import kit


def say(*words):
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def wait():
    sys.stdin.readline()


def own(path, number):
    """Own an execution until stdin says more."""
    journal = open_journal(path, durability="process")
    say("owns" if journal.own(int(number)) else "refused", os.getpid())
    wait()


def own_and_fork(path, number):
    """Own an execution and leave a forked child behind that outlives us."""
    journal = open_journal(path, durability="process")
    journal.own(int(number))
    child = os.fork()
    if child == 0:
        say("forked", os.getpid())
        wait()
        os._exit(0)
    os.waitpid(child, 0)


def use_after_fork(path):
    """What a forked child is told by each thing it tries, and that the parent goes on unharmed."""
    journal, reader = open_journal(path, durability="process"), open_reader(path)
    kit.start(journal, tasks=3)
    reader.executions()
    journal.executions()
    journal.own(1)
    with journal.turn() as turn:
        turn.apply(kit.hand_out(turn, 1))
        child = os.fork()
        if child == 0:
            for attempt in (
                lambda: kit.start(journal),
                journal.executions,
                reader.executions,
                lambda: journal.own(2),
                lambda: journal.owned(1),
                journal.changed,
                lambda: turn.apply(kit.hand_out(turn, 2)),
            ):
                try:
                    attempt()
                    say("allowed")
                except DurableError as error:
                    say(type(error).__name__, error.message)
            journal.close()
            reader.close()
            sys.exit(0)  # finalises everything, as a child may
        os.waitpid(child, 0)
    with journal.turn() as turn:
        turn.apply(kit.end_well(turn, 1))
    say("parent", [task.state for task in journal.history(1).tasks], journal.owned(1), list(journal.verify()))


def commit_after_fork(path):
    """A child that leaves an inherited turn in order."""
    journal = open_journal(path, durability="process")
    kit.start(journal, tasks=1)
    try:
        with journal.turn() as turn:
            turn.apply(kit.hand_out(turn, 1))
            child = os.fork()
            if child:
                os.waitpid(child, 0)
    except DurableError as error:
        say("child", error.message)
        sys.exit(0)
    say("parent", journal.history(1).tasks[0].state, list(journal.verify()))


def die_in_turn(path):
    """Apply changes, say so, and wait to be killed before the commit."""
    journal = open_journal(path, durability="process")
    with journal.turn() as turn:
        turn.apply(kit.hand_out(turn, 1))
        say("applied")
        wait()


def die_migrating(path):
    """Migrate, say so, and wait to be killed before the commit."""

    def check(_connection):
        say("remade")
        wait()

    remake._check = check
    open_journal(path, durability="process")


def run_turns(path, count="1000000"):
    """Turns until killed; says the seq of each commit."""
    journal = open_journal(path, durability="process")
    for _ in range(int(count)):
        with journal.turn() as turn:
            seq = turn.seq
            turn.apply(Changes(events=[kit.event(1, "x" * 200)], transitions=[kit.transition(1, seq)]))
        say(seq)


def many(path, processes, turns):
    """Fork processes before any journal is open; each makes an execution and turns on it. Says how many failed."""
    children = []
    for _ in range(int(processes)):
        child = os.fork()
        if child == 0:
            os._exit(_one_of_many(path, int(turns)))
        children.append(child)
    say("failed", sum(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0 for child in children))


def _one_of_many(path, turns):
    try:
        journal = open_journal(path, durability="process")
        row = kit.start(journal, tasks=turns, uid=f"p{os.getpid()}")
        for number in range(1, turns + 1):
            kit.run_task(journal, number, execution=row.id)
        journal.close()
    except BaseException as error:  # noqa: BLE001 - whatever it is, the test wants to see it
        say(type(error).__name__, error)
        return 1
    return 0


def fill_disk(path, size):
    """A turn of events, `size` bytes in all, that the file size limit refuses; then the truth; then one that fits."""
    journal = open_journal(path, durability="power")
    kit.start(journal, tasks=1)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (Path(f"{path}-wal").stat().st_size, hard))
    for _ in range(2):  # a second time too: the journal cannot even be opened then, or can and is refused again
        try:
            with journal.turn() as turn:
                changes = kit.hand_out(turn, 1)
                changes.events = [kit.event(1, "x" * 1000)] * (int(size) // 1000)
                turn.apply(changes)
            say("committed")
        except DurableError as error:
            say(type(error).__name__, error.message)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    say("then", journal.history(1).tasks[0].state, len(journal.events(1)))
    kit.run_task(journal, 1)
    say("last", journal.history(1).tasks[0].state, list(journal.verify()), journal.behind_head)
    journal.close()


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
