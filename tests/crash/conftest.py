"""Fixtures of the crash tests."""

import pytest

from tests.crash.kit import Commands, Gate


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
