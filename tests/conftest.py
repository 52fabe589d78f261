"""What holds for every test."""

import os

import pytest
from hypothesis import settings

from durable_wf.journal import driver
from durable_wf.sources.secrets import FILE_VARIABLE
from durable_wf.sources.vault import VAULT
from tests.coverage_of_transitions import Plugin

# CI's cores are shared: an example's time says nothing about the code. `print_blob` lets a failure be run again.
settings.register_profile("durable-wf", deadline=None, print_blob=True)
settings.load_profile("durable-wf")


# apsw is installed here for its own tests; what most people have is Python's SQLite. DURABLE_WF_SQLITE=apsw tests with
# the other; then fail those that look into a connection, or hold a journal's lock with `sqlite3` in the same process.
os.environ.setdefault(driver.VARIABLE, driver.PYTHON)


def pytest_configure(config):
    config.pluginmanager.register(Plugin(), "coverage-of-transitions")


@pytest.fixture(autouse=True)
def no_secrets(monkeypatch, tmp_path_factory):
    """No test reads the secrets of whoever runs it, or leaves any behind for the next."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.setenv(FILE_VARIABLE, str(tmp_path_factory.getbasetemp() / "no" / "secrets.json"))
    yield
    VAULT.use(None)
    VAULT.forget()
