"""The scenarios by name."""

from __future__ import annotations

from collections.abc import Mapping

from tools.crash.scenarios.base import Scenario
from tools.crash.scenarios.graph import Graph
from tools.crash.scenarios.standard import Standard
from tools.crash.scenarios.three_tier import ThreeTier

SCENARIOS: Mapping[str, Scenario] = {"three-tier": ThreeTier(), "graph": Graph(), "standard": Standard()}
