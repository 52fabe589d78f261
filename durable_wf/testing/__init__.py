"""The kit for authors' tests: mocks, virtual time, deaths at a commit, offline replay.

Under pytest its fixtures are there by themselves (`testing.plugin`; docs/testing.md). Names are loaded when they are
used, so that a pytest that does not use them is not slowed down.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from durable_wf.authoring.current import current_ctx
    from durable_wf.authoring.mocks import (
        MockCloudifyContext,
        MockContext,
        MockNodeContext,
        MockNodeInstanceContext,
        MockRelationshipContext,
        MockRelationshipSubjectContext,
    )
    from durable_wf.engine.offline import Replayed
    from durable_wf.testing.clock import ManualClock
    from durable_wf.testing.crash import Crash
    from durable_wf.testing.judge import assert_no_double_run
    from durable_wf.testing.lab import Death, LabEngine
    from durable_wf.testing.replaying import replay_journal

_HOMES = {
    "Crash": "durable_wf.testing.crash",
    "Death": "durable_wf.testing.lab",
    "LabEngine": "durable_wf.testing.lab",
    "ManualClock": "durable_wf.testing.clock",
    "MockCloudifyContext": "durable_wf.authoring.mocks",
    "MockContext": "durable_wf.authoring.mocks",
    "MockNodeContext": "durable_wf.authoring.mocks",
    "MockNodeInstanceContext": "durable_wf.authoring.mocks",
    "MockRelationshipContext": "durable_wf.authoring.mocks",
    "MockRelationshipSubjectContext": "durable_wf.authoring.mocks",
    "Replayed": "durable_wf.engine.offline",
    "assert_no_double_run": "durable_wf.testing.judge",
    "current_ctx": "durable_wf.authoring.current",
    "replay_journal": "durable_wf.testing.replaying",
}

__all__ = [
    "Crash",
    "Death",
    "LabEngine",
    "ManualClock",
    "MockCloudifyContext",
    "MockContext",
    "MockNodeContext",
    "MockNodeInstanceContext",
    "MockRelationshipContext",
    "MockRelationshipSubjectContext",
    "Replayed",
    "assert_no_double_run",
    "current_ctx",
    "replay_journal",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        text = f"module 'durable_wf.testing' has no attribute '{name}'"
        raise AttributeError(text)
    return getattr(import_module(home), name)
