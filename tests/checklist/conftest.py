"""Fixtures of the checklist: deployments of small blueprints, on a journal in memory."""

from __future__ import annotations

import pytest

from durable_wf.engine.code import make_importable
from tests.replay.conftest import world

__all__ = ["world"]

make_importable(None)  # the checklist speaks by the older system's names, as any plugin may

from tests.checklist import kit  # noqa: E402 - after those names are there


@pytest.fixture
def deploy(tmp_path):
    """Makes an environment of a blueprint's text; all are closed afterwards."""
    made = []

    def deploy(text="", **more):
        made.append(kit.Env(tmp_path / f"env{len(made)}", text, **more))
        return made[-1]

    yield deploy
    for env in made:
        env.close()


@pytest.fixture
def plain(deploy):
    """An environment with two nodes: `app`, whose operations are those of `plugin`, is contained in `host`."""
    return deploy(kit.APP)
