"""The demo itself. Each step prints the command that a person would type, and runs it as a process of its own."""

from __future__ import annotations

import os
import select
import shlex
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

from durable_wf.cli.calls import Call
from durable_wf.cli.demo.checks import Check
from durable_wf.cli.failures import WAITS
from durable_wf.cli.output import paint, plural
from durable_wf.cli.parameters import Clean, Keep
from durable_wf.errors import DurableError, NotFoundError, UsageError

if TYPE_CHECKING:
    from types import FrameType

    from durable_wf.cli.demo.folders import Folder
    from durable_wf.cli.demo.proofs import Snapshot

_LOOK_MS = 10
_TAIL = 16
_HALF, _LATE = 0.5, 0.75
_AT_ONCE = 3  # a kill that hits several operations shows more; but late is late enough
_DEPLOYMENT = "shop"


class DemoError(DurableError):
    """The demo did not go as it must, or a proof failed."""

    code = "demo-failed"
    explanation = (
        "The demo proves from the operations' own files what ran how often. Something was not as it must be; the text "
        "says what. `durable-wf demo --clean` removes what is left."
    )


@dataclass(slots=True)
class DemoRecord:
    """How the demo went.

    killed_at   operations that had ended, and those that ran, when the engine was killed
    checks      each thing that was proved, or not
    kept        the folder that is left, or null
    """

    execution: str = ""
    killed_at: dict[str, int] = field(default_factory=dict)
    asked: bool = False
    good: bool = True
    checks: list[Check] = field(default_factory=list)
    kept: str | None = None


@dataclass(frozen=True, slots=True)
class CleanedRecord:
    """What `demo --clean` did: folders that it removed, and those whose demo still runs."""

    removed: list[str]
    running: list[str]


def demo(call: Call, keep: Keep = False, clean: Clean = False) -> int:
    """Start a deployment, kill its engine half-way with SIGKILL, resume it, and prove what ran how often.

    Everything happens in a folder of its own under the temporary directory; nothing is left behind.
    """
    if keep and clean:
        raise UsageError("--keep and --clean say opposite things", hint="give one of them")
    if clean:
        return _clean(call)
    from durable_wf.cli.demo.folders import new_folder

    signal.signal(signal.SIGTERM, _leave)  # so that what was started is ended
    folder = new_folder()
    teller = Teller(call, folder)
    kept = False
    try:
        record = Demo(teller, folder).tell(keep=keep)
        kept = keep
    finally:
        if not kept:
            ended = folder.remove()
            if ended:
                call.out.note(f"ended what was left: {plural(len(ended), 'process', 'processes')}")
    if call.out.as_json:
        call.out.data(record, [])
    return 0 if record.good else DemoError.exit_code


def _leave(number: int, frame: FrameType | None) -> None:
    del frame
    raise SystemExit(128 + number)


def _clean(call: Call) -> int:
    from durable_wf.cli.demo.folders import left_over, parent

    removed, running = [], []
    for folder in left_over():
        if folder.is_running():
            running.append(str(folder.path))
            call.out.note(f"{folder.path}: a demo runs there now; left alone")
            continue
        ended = folder.remove()
        removed.append(str(folder.path))
        call.out.note(f"{folder.path}: removed; {plural(len(ended), 'process', 'processes')} ended")
    if not removed and not running:
        call.out.note("no demo has left anything")
        parent().rmdir()
    call.out.data(CleanedRecord(removed, running), [])
    return 0


class Teller:
    """Prints what happens, and runs the commands. With --json all of that goes to stderr."""

    def __init__(self, call: Call, folder: Folder) -> None:
        self._stream: TextIO = sys.stderr if call.out.as_json else sys.stdout
        self._colors = call.out.colors(self._stream)
        self._folder = folder
        kept = {key: value for key, value in os.environ.items() if not key.startswith("DURABLE_WF_")}
        self._environ = {**kept, "DURABLE_WF_JOURNAL": str(folder.journal)}

    def say(self, text: str) -> None:
        """What happens next, or was seen."""
        self._print(paint(text, "1", on=self._colors))

    def _print(self, text: str) -> None:
        self._stream.write(f"{text}\n")
        self._stream.flush()

    def typed(self, command: str) -> None:
        """A command as a person would type it."""
        self._print(paint(f"$ {command}", "36", on=self._colors))

    def check(self, check: Check) -> None:
        """Something that was proved, or not."""
        word, color = ("ok ", "32") if check.good else ("BAD", "31")
        self._print(f"  {paint(word, color, on=self._colors)} {check.text}")

    def spawn(self, *arguments: str, after: str = "") -> subprocess.Popen[bytes]:
        """Begin a command."""
        self.typed(f"{shlex.join(['durable-wf', *arguments])}{after}")
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "durable_wf", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=self._stream,
            stderr=self._stream,
            env=self._environ,
            cwd=self._folder.path,
        )
        self._folder.record(process.pid)
        return process

    def run(self, *arguments: str, may_end: tuple[int, ...] = (0,)) -> int:
        """Run a command to its end; its exit code.

        raises  DemoError for one that is not in `may_end`
        """
        code = self.spawn(*arguments).wait()
        if code not in may_end:
            raise DemoError(f"`{shlex.join(['durable-wf', *arguments])}` ended with exit code {code}")
        return code

    def tail(self, *arguments: str) -> None:
        """Show the last lines of what a command prints."""
        self.typed(f"{shlex.join(['durable-wf', *arguments])} | tail -n {_TAIL}")
        done = subprocess.run(
            [sys.executable, "-P", "-m", "durable_wf", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=self._environ,
            cwd=self._folder.path,
            check=False,
        )
        if done.returncode:
            raise DemoError(f"`durable-wf {shlex.join(arguments)}` ended with {done.returncode}: {done.stderr.strip()}")
        for line in done.stdout.splitlines()[-_TAIL:]:
            self._print(line)


class Demo:
    """The steps, in order."""

    def __init__(self, teller: Teller, folder: Folder) -> None:
        self._teller = teller
        self._folder = folder
        self._record = DemoRecord()

    def tell(self, *, keep: bool) -> DemoRecord:
        """All of it.

        raises  DemoError where a step does not end as it must
        """
        from durable_wf.cli.demo.folders import BLUEPRINT

        teller, folder = self._teller, self._folder
        teller.typed(f"export DURABLE_WF_JOURNAL={shlex.quote(str(folder.journal))}")
        teller.run("deployments", "create", str(BLUEPRINT), "-d", _DEPLOYMENT, "-i", f"scratch={folder.scratch}")
        at_kill = self._start_and_kill()
        self._resume()
        self._prove(at_kill)
        if keep:
            self._record.kept = str(folder.path)
            teller.run("deployments", "outputs", _DEPLOYMENT)
            teller.say(f"kept: {folder.path}; the servers go on. To end them and remove everything:")
            teller.typed("durable-wf demo --clean")
            return self._record
        self._stop()
        return self._record

    def _start_and_kill(self) -> Snapshot:
        teller = self._teller
        teller.say("Start everything, in the background:")
        process = teller.spawn("run", "start_all", "-d", _DEPLOYMENT, after=" &")
        try:
            uid = self._wait_until_half(process)
            teller.say("Half of its operations have ended. Kill the engine:")
            teller.typed(f"kill -9 {process.pid}")
        finally:
            process.kill()
            process.wait()
        at_kill = self._snapshot(uid)
        self._record.execution = uid
        self._record.killed_at = {"ended": len(at_kill.ended), "running": len(at_kill.in_flight)}
        if not at_kill.in_flight:
            teller.say("(no operation was running at that moment)")
        teller.run("list")
        teller.tail("journal", uid)
        return at_kill

    def _wait_until_half(self, process: subprocess.Popen[bytes]) -> str:
        """Wait until the journal says that half of the operations have ended; the execution's id."""
        descriptor = os.pidfd_open(process.pid)
        try:
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            while not poll.poll(_LOOK_MS):
                uid = self._half()
                if uid is not None:
                    return uid
        finally:
            os.close(descriptor)
        raise DemoError("the run ended before it could be killed half-way", hint="`durable-wf demo` again")

    def _half(self) -> str | None:
        """The id of the execution, once half of its operations have ended and another one runs."""
        from durable_wf.inspection.tasks import WORK
        from durable_wf.inspection.view import open_view

        try:
            with open_view(self._folder.journal) as view:
                found = view.store.executions()
                if not found:
                    return None
                at = self._snapshot(found[0].uid)
                total = sum(task.kind in WORK for task in view.store.stored("task", found[0].id))
        except NotFoundError:
            return None
        done = len(at.ended) / total if total else 0.0
        busy = len(at.in_flight) >= _AT_ONCE or done >= _LATE
        return found[0].uid if done >= _HALF and at.in_flight and busy else None

    def _snapshot(self, uid: str) -> Snapshot:
        from durable_wf.cli.demo.proofs import snapshot
        from durable_wf.inspection.find import find_execution
        from durable_wf.inspection.view import open_view

        with open_view(self._folder.journal) as view:
            return snapshot(view, find_execution(view.store, uid))

    def _resume(self) -> None:
        teller, uid = self._teller, self._record.execution
        teller.say("Nobody runs it any more. Go on:")
        if teller.run("resume", uid, may_end=(0, WAITS)) != WAITS:
            return
        self._record.asked = True
        teller.say(
            "The kill hit an operation that is not safe to repeat, so nobody but a person may say that it runs again:"
        )
        teller.run("show", uid)
        teller.run("resume", uid, "--reset-operations")

    def _prove(self, at_kill: Snapshot) -> None:
        from durable_wf.cli.demo.proofs import check_runs, check_servers
        from durable_wf.inspection.find import find_execution
        from durable_wf.inspection.view import open_view
        from durable_wf.journal.reader import open_reader

        folder = self._folder
        self._teller.say("What ran how often, from the operations' own files:")
        reader = open_reader(folder.journal)
        journal_id = reader.meta()["id"]
        reader.close()
        with open_view(folder.journal) as view:
            row = find_execution(view.store, self._record.execution)
            for check in check_runs(view, journal_id, row, at_kill, folder.scratch):
                self._checked(check)
        self._checked(check_servers(folder.scratch))
        self._teller.run("verify")

    def _checked(self, check: Check) -> None:
        self._teller.check(check)
        self._record.checks.append(check)
        self._record.good = self._record.good and check.good

    def _stop(self) -> None:
        from durable_wf.cli.demo.proofs import check_nothing_lives

        self._teller.say("Stop everything again:")
        self._teller.run("run", "stop_all", "-d", _DEPLOYMENT, "-q")
        self._checked(check_nothing_lives(self._folder.scratch))
        good = self._record.good
        self._teller.say("All of it is as it must be." if good else "Something is NOT as it must be; see above.")
