"""Workflows whose operations wait for the test: each connects to its socket, says who it is, and goes on when told."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from durable_wf import ctx, operation, workflow

GO = b"go"


def wait_for_the_test(address, label):
    """Connect, say label and pid, and wait for the word to go on.

    raises  ConnectionError when the test lets go without it
    """
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)
        connection.sendall(f"{label} {os.getpid()}\n".encode())
        if connection.recv(len(GO)) != GO:
            raise ConnectionError(f"{label} was let go")


@operation(resumable=True)
def note(label):
    """Does nothing, safe to repeat."""
    return label


@operation(resumable=True)
def hold(address, label):
    """Waits, safe to repeat."""
    wait_for_the_test(address, label)
    return label


@operation(resumable=True)
def talk_and_hold(address, before, after):
    """Says lines, waits for the test, says others, and waits again."""
    for number in range(before):
        ctx.logger.info("before %d", number)
    wait_for_the_test(address, "first")
    for number in range(after):
        ctx.logger.info("after %d", number)
    wait_for_the_test(address, "second")


@operation
def hold_once(address, label):
    """Waits, not safe to repeat."""
    wait_for_the_test(address, label)
    return label


@operation(resumable=True)
def leave_child(address, marker):
    """The first time: leave a forked child behind that outlives this process. Then wait."""
    if not Path(marker).exists():
        Path(marker).touch()
        if os.fork() == 0:
            try:
                wait_for_the_test(address, "child")
            finally:
                os._exit(0)
    wait_for_the_test(address, "parent")


@workflow
def talks_and_holds(ctx, address, before, after):
    """One operation that talks for long."""
    kwargs = {"address": address, "before": before, "after": after}
    ctx.execute_task(talk_and_hold, kwargs=kwargs).get()


@workflow
def line(ctx, address):
    """One after the other, with two that wait."""
    ctx.execute_task(note, kwargs={"label": "first"}).get()
    ctx.execute_task(hold, kwargs={"address": address, "label": "one"}).get()
    ctx.execute_task(hold, kwargs={"address": address, "label": "two"}).get()
    return ctx.execute_task(note, kwargs={"label": "last"}).get()


@workflow
def careful(ctx, address):
    """One that may not be repeated."""
    return ctx.execute_task(hold_once, kwargs={"address": address, "label": "once"}).get()


@workflow
def forking(ctx, address, marker):
    """One that leaves a child behind."""
    ctx.execute_task(leave_child, kwargs={"address": address, "marker": marker}).get()


@workflow
def wide(ctx, count, address=None):
    """Many that may be repeated, at once, after one that waits."""
    if address is not None:
        ctx.execute_task(hold, kwargs={"address": address, "label": "wide"}).get()
    graph = ctx.graph_mode()
    for number in range(count):
        graph.add_task(ctx.execute_task(note, kwargs={"label": str(number)}))
    graph.execute()
    return count


@operation(resumable=True)
def drop_locks(address, marker):
    """The first time: close every descriptor above the usual three but the socket, as careless plugins do."""
    if Path(marker).exists():
        return
    Path(marker).touch()
    for entry in list(Path("/proc/self/fd").iterdir()):
        if entry.is_symlink() and str(entry.readlink()).endswith("-owners"):
            os.close(int(entry.name))


@workflow
def loses_its_byte(ctx, address, marker):
    """One that closes what it should not."""
    ctx.execute_task(drop_locks, kwargs={"address": address, "marker": marker}).get()
    ctx.execute_task(hold, kwargs={"address": address, "label": "waits"}).get()


@workflow
def line_of_notes(ctx, count):
    """One after the other."""
    for number in range(count):
        ctx.execute_task(note, kwargs={"label": str(number)}).get()
    return count


@operation(resumable=True)
def ask_from_outside(journal):
    """Put a request into the inbox from a process of its own, while this one goes on."""
    subprocess.run([sys.executable, "-m", "tests.crash.asker", journal], check=True)


@operation(resumable=True)
def prompt(fifo):
    """Let the asker who waits at this FIFO ask, and go on."""
    Path(fifo).write_text("")


@workflow
def crowded(ctx, count, fifo):
    """Many at once, and among the first of them one that prompts an asker."""
    graph = ctx.graph_mode()
    for number in range(count):
        graph.add_task(ctx.execute_task(note, kwargs={"label": str(number)}))
        if number == count // 20:
            graph.add_task(ctx.execute_task(prompt, kwargs={"fifo": fifo}))
    graph.execute()


@workflow
def busy(ctx, count, journal):
    """Many at once, and in the middle of them one that has a request put into the inbox."""
    graph = ctx.graph_mode()
    for number in range(count):
        graph.add_task(ctx.execute_task(note, kwargs={"label": str(number)}))
        if number == count // 3:
            graph.add_task(ctx.execute_task(ask_from_outside, kwargs={"journal": journal}))
    graph.execute()
    line = graph.sequence()
    for number in range(10):
        line.add(ctx.execute_task(note, kwargs={"label": f"after {number}"}))
    graph.execute()
