"""Good blueprints are files too: they compile, survive storing, and what is said of them stands beside each."""

from pathlib import Path

import pytest

from durable_wf.dsl.compile import compile_blueprint
from durable_wf.model.plan import Blueprint, from_json, to_json
from durable_wf.sources.files import FileResolver

CASES = Path(__file__).parent / "cases" / "accepted"


@pytest.mark.parametrize("path", sorted(CASES.glob("*.yaml")), ids=lambda path: path.stem)
def test_what_is_right_is_accepted_and_notes_are_said(path, monkeypatch):
    """Warnings, then notes; nothing of the plan is lost in the journal."""
    monkeypatch.chdir(path.parent)
    found = compile_blueprint(FileResolver(path.name))
    said = [f"warning: {line}" for line in found.warnings] + [f"note: {line}" for line in found.notes]
    assert said == path.with_suffix(".said").read_text().splitlines()
    assert from_json(Blueprint, to_json(found)) == found
