"""The built-in workflows."""

from durable_wf.builtin.workflows import execute_operation, install, pull, reinstall, restart, start, stop, uninstall

__all__ = ["execute_operation", "install", "pull", "reinstall", "restart", "start", "stop", "uninstall"]
