"""Events and logs. Tests replace `stdout_event_out` and `stdout_log_out` to get them; `EVENT_CLASS` makes the text."""

from durable_wf.authoring.printing import (
    HIDE,
    Event,
    create_event_message_prefix,
    stdout_event_out,
    stdout_log_out,
)
from durable_wf.authoring.speech import CloudifyCtxLoggingHandler

EVENT_CLASS = Event
EVENT_VERBOSITY_LEVEL = HIDE

__all__ = [
    "EVENT_CLASS",
    "EVENT_VERBOSITY_LEVEL",
    "CloudifyCtxLoggingHandler",
    "create_event_message_prefix",
    "stdout_event_out",
    "stdout_log_out",
]
