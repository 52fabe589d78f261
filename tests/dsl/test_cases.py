"""Bad blueprints are files, and what is said of each stands beside it."""

from pathlib import Path

import pytest

from durable_wf.dsl.codes import CODES
from durable_wf.dsl.compile import compile_blueprint
from durable_wf.dsl.problems import EXPLANATIONS, BlueprintError
from durable_wf.sources.files import FileResolver

CASES = Path(__file__).parent / "cases"

# Those that a small text file cannot show; test_hostile.py has them.
ELSEWHERE = {
    "not-utf8",
    "bad-character",
    "file-too-large",
    "too-deep",
    "too-many-values",
    "too-many-aliases",
    "too-many-imports",
    "groups-too-deep",
}


def lines_of(path, monkeypatch):
    monkeypatch.chdir(path.parent)
    with pytest.raises(BlueprintError) as caught:
        compile_blueprint(FileResolver(path.name))
    return str(caught.value).splitlines()


@pytest.mark.parametrize("path", sorted(CASES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_mistake_is_said_once_at_its_place(path, monkeypatch):
    """The text of the error is the file beside the case, line for line."""
    assert lines_of(path, monkeypatch) == path.with_suffix(".expected").read_text().splitlines()


def test_every_code_has_a_case():
    """No row of the table of codes goes untested, and no case shows a code that is not in it."""
    shown = {
        line.rpartition("[")[2].rstrip("]")
        for path in CASES.glob("*.expected")
        for line in path.read_text().splitlines()
    }
    assert shown | ELSEWHERE == set(CODES)
    assert not shown & ELSEWHERE


def test_every_code_is_explained():
    """`durable-wf explain CODE` has a sentence for each, and names are written one way."""
    assert set(EXPLANATIONS) == set(CODES)
    for name, text in EXPLANATIONS.items():
        assert name == name.lower()
        assert name.replace("-", "").isalnum()
        assert text.endswith(".")
