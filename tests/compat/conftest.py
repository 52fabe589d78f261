"""The older system's names, importable as the engine makes them for plugins."""

from __future__ import annotations

import sys

import pytest

from durable_wf.engine.code import make_importable


@pytest.fixture(autouse=True)
def names(monkeypatch):
    """On the path while the test runs."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    make_importable(None)
