"""Bad blueprints are files, and what is said of each stands beside it.

`test_completeness.py` sees to it that each code and each row of the grammar is among them.
"""

import pytest

from durable_wf.dsl.codes import CODES
from durable_wf.dsl.problems import EXPLANATIONS
from tests.dsl.samples import CASES, problems_of, refused_samples


@pytest.mark.parametrize("sample", [one for one in refused_samples() if one.folder], ids=lambda one: one.name)
def test_every_mistake_is_said_once_at_its_place(sample):
    """The text of the error is the file beside the case, line for line."""
    beside = (CASES / sample.name).with_suffix(".expected")
    assert list(map(str, problems_of(sample))) == beside.read_text().splitlines()


def test_every_code_is_explained():
    """`durable-wf explain CODE` has a sentence for each, and names are written one way."""
    assert set(EXPLANATIONS) == set(CODES)
    for name, text in EXPLANATIONS.items():
        assert name == name.lower()
        assert name.replace("-", "").isalnum()
        assert text.endswith(".")
