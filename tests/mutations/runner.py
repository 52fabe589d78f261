"""Runs pytest in a copy of the project and writes down what came of it (see `kit.Report`).

python -m tests.mutations.runner REPORT SELECTOR…
"""

import json
import os
import sys
from pathlib import Path

import pytest


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


def main(report, *selectors):
    """Run the tests; the process ends at once, whatever threads a bug has left behind."""
    notes = Notes()
    options = ["-q", "--tb=short", "-p", "no:cacheprovider", "-p", "no:xdist", "--basetemp", f"{report}.tmp"]
    code = int(pytest.main([*options, *selectors], plugins=[notes]))
    import durable_wf  # not before pytest, which rewrites a part of it

    Path(report).write_text(json.dumps({"package": durable_wf.__file__, "code": code, **vars(notes)}), encoding="utf-8")
    sys.stdout.flush()
    os._exit(code)


if __name__ == "__main__":
    main(*sys.argv[1:])
