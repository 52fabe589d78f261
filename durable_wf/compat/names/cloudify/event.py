"""Events and logs as text."""

from durable_wf.authoring.printing import HIDE as NO_VERBOSE
from durable_wf.authoring.printing import HIGH as HIGH_VERBOSE
from durable_wf.authoring.printing import LOW as LOW_VERBOSE
from durable_wf.authoring.printing import MEDIUM as MEDIUM_VERBOSE
from durable_wf.authoring.printing import Event

__all__ = ["HIGH_VERBOSE", "LOW_VERBOSE", "MEDIUM_VERBOSE", "NO_VERBOSE", "Event"]
