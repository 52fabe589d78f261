"""Functions of third parties, as installed packages offer them by entry point.

Source: reference/blueprint-dsl.md §14 (group `cloudify.tosca.ext.functions`).
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import NamedTuple

GROUPS = ("cloudify.tosca.ext.functions", "durable_wf.functions")


class Offered(NamedTuple):
    """A function that a package offers.

    target  what the entry point names; None where it cannot be loaded
    fault   why not; '' where it can
    origin  the entry point, for people
    """

    name: str
    target: object
    fault: str
    origin: str


def offered_functions() -> list[Offered]:
    """All that is installed, in a fixed order: the older system's group first, each by name."""
    found = []
    for group in GROUPS:
        for point in sorted(entry_points(group=group), key=lambda one: (one.name, one.value)):
            origin = f"{group}: {point.name} = {point.value}"
            try:
                found.append(Offered(point.name, point.load(), "", origin))
            except Exception as error:  # noqa: BLE001 - a package of somebody else's
                found.append(Offered(point.name, None, f"{type(error).__name__}: {error}", origin))
    return found
