"""Fixtures of the tests of built-in workflows."""

import pytest

from durable_wf.engine.code import make_importable
from tests.replay.conftest import world

__all__ = ["world"]

make_importable(None)  # the plugin speaks by the older system's names, as any may

from tests.builtin import kit  # noqa: E402 - after those names are there


@pytest.fixture
def deployed(tmp_path):
    """Makes a deployment of a blueprint's text; all are closed afterwards."""
    made = []

    def deploy(text=kit.SHOP, **more):
        made.append(kit.Deployed(tmp_path / f"blueprint{len(made)}", text, **more))
        return made[-1]

    yield deploy
    for one in made:
        one.close()
