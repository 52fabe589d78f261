"""Events about tasks."""

from durable_wf.authoring.task_events import send_task_event

__all__ = ["send_task_event"]
