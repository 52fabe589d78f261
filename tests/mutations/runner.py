"""Runs tests in copies of the project, each in a process forked from this one, which has imported what all need.

python -P tests/mutations/runner.py

Each line of standard input is a request, `[folder, report, output, patience, selectors]` in JSON; pytest is run in
`folder`, and what came of it is written to the file `report` (see `kit.Report`), what it printed to `output`. Each is
answered by a line: the exit code of its process, less than 0 for a signal. One that takes longer than `patience`
seconds dies of SIGALRM.

Nothing of durable_wf or of tests may be imported here: every process has its copy's, and that alone.
"""

import gc
import json
import os
import signal
import sys
from importlib import import_module
from pathlib import Path

import pytest

OURS = ("durable_wf", "tests")
NEEDED = (  # what importing takes long and is not ours
    "concurrent.futures", "email.mime.multipart", "http.client", "hypothesis", "networkx", "peewee", "sqlite3",
    "subprocess", "tenacity", "unittest.mock", "uuid", "yaml",
)  # fmt: skip
PLUGIN = "durable_wf.testing.plugin"  # else found by its entry point, which only installed projects have
OPTIONS = ("-q", "--tb=short", "-p", "no:cacheprovider", "-p", PLUGIN)


class Notes:
    """Hears of every test."""

    def __init__(self):
        self.passed, self.failed, self.broken = [], {}, []

    def pytest_collectreport(self, report):
        if report.failed:
            self.broken.append(report.nodeid)

    def pytest_runtest_logreport(self, report):
        if report.failed and report.when == "setup":
            self.broken.append(report.nodeid)
        elif report.failed and report.when == "call":
            crash = getattr(report.longrepr, "reprcrash", None)
            self.failed[report.nodeid] = crash.message if crash is not None else str(report.longrepr)
        elif report.passed and report.when == "call":
            self.passed.append(report.nodeid)


def main():
    """Serve requests until there are no more."""
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    for name in NEEDED:
        import_module(name)
    if found := [name for name in sys.modules if name.partition(".")[0] in OURS]:
        raise AssertionError(f"imported before the copy was known: {found}")
    gc.freeze()  # pytest collects garbage at its end: what all share is none
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            serve(*json.loads(line))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201 - the answer


def serve(folder, report, output, patience_s, selectors):
    """Run the tests; the process ends at once, whatever threads a bug has left behind."""
    signal.alarm(patience_s)
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(file, stream.fileno())
    os.chdir(folder)
    os.environ["PYTHONPATH"] = folder
    sys.path.insert(0, folder)
    notes = Notes()
    code = int(pytest.main([*OPTIONS, "--basetemp", f"{report}.tmp", *selectors], plugins=[notes]))
    import durable_wf

    Path(report).write_text(json.dumps({"package": durable_wf.__file__, "code": code, **vars(notes)}), encoding="utf-8")
    sys.stdout.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
