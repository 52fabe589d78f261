"""Bad blueprints are files, and what is said of each stands beside it.

`test_completeness.py` sees to it that each code and each row of the grammar is among them.
"""

from pathlib import Path

import pytest

from durable_wf.dsl.codes import CODES
from durable_wf.dsl.compile import compile_blueprint
from durable_wf.dsl.problems import EXPLANATIONS, BlueprintError
from durable_wf.sources.files import FileResolver

CASES = Path(__file__).parent / "cases"


def lines_of(path, monkeypatch):
    monkeypatch.chdir(path.parent)
    with pytest.raises(BlueprintError) as caught:
        compile_blueprint(FileResolver(path.name))
    return str(caught.value).splitlines()


@pytest.mark.parametrize("path", sorted(CASES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_mistake_is_said_once_at_its_place(path, monkeypatch):
    """The text of the error is the file beside the case, line for line."""
    assert lines_of(path, monkeypatch) == path.with_suffix(".expected").read_text().splitlines()


def test_every_code_is_explained():
    """`durable-wf explain CODE` has a sentence for each, and names are written one way."""
    assert set(EXPLANATIONS) == set(CODES)
    for name, text in EXPLANATIONS.items():
        assert name == name.lower()
        assert name.replace("-", "").isalnum()
        assert text.endswith(".")
