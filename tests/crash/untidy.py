"""A fault whose steps leave everything behind that a step can, for the harness to clean. Run as a module.

    python -m tests.crash.untidy HOW TOLD [OPTION…]

HOW is `hangs` (no step ends by itself), `fails` (the harness itself does, while a step hangs), `ends` (a step leaves a
process) or `wrong` (as `ends`, and its point is wrong). Each step tells of itself by a file in the folder TOLD.
"""

import contextlib
import json
import signal
import subprocess
import sys
from pathlib import Path

from tests.crash.kit import until
from tools.crash import disks, faults, sweep
from tools.crash.children import ask_child
from tools.crash.faults.base import Made
from tools.crash.victims import apart


class Untidy:
    """Two points."""

    name = "crowd"
    scenarios = ("line",)
    parallel = (1,)

    def __init__(self, how, told):
        self.how = how
        self.told = told

    def points(self, place):
        del place
        return ["1", "2"]

    def make(self, place, point, folder):
        del place
        if self.how == "fails" and point == "2":
            until(lambda: list(self.told.iterdir()))
            return None
        folder.mkdir(parents=True)
        disk_kb = 64 if disks.why_not() is None else 0
        with apart() as here, disks.of_its_own(folder / "disk", disk_kb):
            ask_child(here / "output.txt", leave, self.how, self.told / point, here, folder)
        return Made(point, ["planted"] if self.how == "wrong" else [], "ended", folder=str(folder))


def leave(how, told, here, folder):
    """A step: it starts a program that outlives it, which asks for no signal of a terminal and of its parent."""
    ignoring = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.pause()"
    program = subprocess.Popen([sys.executable, "-c", ignoring], start_new_session=True)
    text = json.dumps({"pid": program.pid, "memory": str(here.parent), "folder": str(folder)})
    made = told.with_suffix(".part")
    made.write_text(text)
    made.rename(told.with_suffix(".json"))
    while how in ("hangs", "fails"):
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()


def main(how, told, *options):
    """The exit code of the harness."""
    untidy = Untidy(how, Path(told))
    faults.fault = lambda _: untidy
    return sweep.main(["--fault", "crowd", "--points", "all", "--no-write", "--jobs", "2", *options])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
