"""The scenarios by name."""

from __future__ import annotations

from collections.abc import Mapping

from tools.crash.scenarios.base import Scenario
from tools.crash.scenarios.graph import Graph
from tools.crash.scenarios.handlers import Handlers
from tools.crash.scenarios.standard import Standard
from tools.crash.scenarios.three_tier import ThreeTier
from tools.crash.scenarios.tutorial import Tutorial

SCENARIOS: Mapping[str, Scenario] = {
    "three-tier": ThreeTier(),
    "graph": Graph(),
    "standard": Standard(),
    "tutorial-basic": Tutorial("basic", "water_all"),
    "tutorial-parameters": Tutorial("parameters", "tend", {"operation": "care.water"}),
    "tutorial-events": Tutorial("events", "prune_all"),
    "tutorial-ordering": Tutorial("ordering", "spring"),
    "tutorial-relationships": Tutorial("relationships", "water_all"),
    "handlers": Handlers(),
}
