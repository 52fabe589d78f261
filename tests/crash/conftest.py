"""Fixtures of the crash tests."""

import os
import subprocess
import sys

import pytest

from tests.crash.kit import ROOT, Commands, Gate


@pytest.fixture
def gate(tmp_path):
    made = Gate(tmp_path)
    yield made
    made.close()


@pytest.fixture
def commands(tmp_path):
    made = Commands(tmp_path)
    yield made
    made.end_all()


@pytest.fixture
def run(tmp_path):
    """Runs a module; the folders of points that went wrong are kept in pytest's own."""

    def run(*arguments, module="tools.crash.sweep", inside=()):
        command = [*inside, sys.executable, "-m", module, *map(str, arguments)]
        environment = {**os.environ, "TMPDIR": str(tmp_path)}
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=600
        )

    return run
