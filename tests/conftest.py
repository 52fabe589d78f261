"""What holds for every test."""

import os

from hypothesis import settings

from durable_wf.journal import driver
from tests.coverage_of_transitions import Plugin

# CI's cores are shared: an example's time says nothing about the code. `print_blob` lets a failure be run again.
settings.register_profile("durable-wf", deadline=None, print_blob=True)
settings.load_profile("durable-wf")


# apsw is installed here for its own tests; what most people have is Python's SQLite. DURABLE_WF_SQLITE=apsw tests with
# the other; then fail those that look into a connection, or hold a journal's lock with `sqlite3` in the same process.
os.environ.setdefault(driver.VARIABLE, driver.PYTHON)


def pytest_configure(config):
    config.pluginmanager.register(Plugin(), "coverage-of-transitions")
