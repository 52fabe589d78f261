"""What holds for every test."""

from hypothesis import settings

from tests.coverage_of_transitions import Plugin

# CI's cores are shared: an example's time says nothing about the code. `print_blob` lets a failure be run again.
settings.register_profile("durable-wf", deadline=None, print_blob=True)
settings.load_profile("durable-wf")


def pytest_configure(config):
    config.pluginmanager.register(Plugin(), "coverage-of-transitions")
