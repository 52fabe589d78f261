"""Tasks of workflows."""

from durable_wf.authoring.task_names import *  # noqa: F403 - all of them are handed on
