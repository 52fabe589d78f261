"""Which node instances are not as one would expect them, told by their states and by what the last checks found.

An author may give an instance any state; so only what the lifecycle means by its own states is judged.
Source: reference/workflow-api.md §10.3 (states), §10.10 (what checks keep).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from durable_wf.model.states import N

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from durable_wf.model import rows

MOVING = frozenset({N.CREATING, N.CONFIGURING, N.STARTING, N.STOPPING, N.DELETING})
LEFT = "left so: nothing works on it"
OTHERS = "others of its node are started"
CHECK = "its last check_status failed"
DRIFT = "its last check_drift found a difference"


def unexpected(instances: Sequence[rows.Instance], systems: Mapping[str, Any], *, busy: bool) -> dict[str, str]:
    """Why, by the instance's id; what is as expected is not among them.

    systems  system properties by the instance's id
    busy     an execution of the deployment is at work: states are on their way, and tell nothing
    """
    started = Counter(one.node for one in instances if one.state == N.STARTED)
    found: dict[str, str] = {}
    for one in instances:
        reasons = list(_checks(systems[one.name]))
        if not busy and one.state in MOVING:
            reasons.append(LEFT)
        elif not busy and one.state != N.STARTED and started[one.node]:
            reasons.append(OTHERS)
        if reasons:
            found[one.name] = "; ".join(reasons)
    return found


def _checks(system: Mapping[str, Any]) -> Iterable[str]:
    status, drift = system.get("status"), system.get("configuration_drift")
    if isinstance(status, dict) and status.get("ok") is False:
        yield CHECK
    if isinstance(drift, dict) and (drift.get("ok") is False or drift.get("result")):
        yield DRIFT
