"""The scenarios by name."""

from __future__ import annotations

from collections.abc import Mapping

from tools.crash.scenarios import graph, handlers, standard, waits
from tools.crash.scenarios.base import Scenario
from tools.crash.scenarios.lifecycle import Lifecycle
from tools.crash.scenarios.modification import Modification
from tools.crash.scenarios.plain import Plain
from tools.crash.scenarios.scale import Scale
from tools.crash.scenarios.three_tier import ThreeTier
from tools.crash.scenarios.tutorial import Tutorial

SCENARIOS: Mapping[str, Scenario] = {
    "three-tier": ThreeTier(),
    "graph": Plain(graph.main),
    "standard": Plain(standard.main),
    "tutorial-basic": Tutorial("basic", "water_all"),
    "tutorial-parameters": Tutorial("parameters", "tend", {"operation": "care.water"}),
    "tutorial-events": Tutorial("events", "prune_all"),
    "tutorial-ordering": Tutorial("ordering", "spring"),
    "tutorial-relationships": Tutorial("relationships", "water_all"),
    "lifecycle": Lifecycle(),
    "handlers": Plain(handlers.main),
    "modification": Modification(),
    "scale": Scale(),
    "waits": Plain(waits.main, waits.HourClock, waits.too_early),
}
