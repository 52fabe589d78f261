"""Each reason for which a blueprint that compiles cannot be deployed, and nearly the same that can be.

The cases are `tests/dsl/cases/creation/`, written as pairs (tests/dsl/pairs.py).
"""

import pytest
import yaml

from durable_wf.dsl.codes import CODES
from durable_wf.dsl.deployment import DeploymentError
from durable_wf.dsl.outcomes import UnknownSecretError
from durable_wf.dsl.parameters import InputsError
from durable_wf.engine.deployments import planned
from durable_wf.errors import InputError
from durable_wf.sources.vault import VAULT
from tests.dsl.catalogue import AT_CREATION, NOT_AT_CREATION
from tests.dsl.kit import Texts, suffixes
from tests.dsl.pairs import MAIN, all_pairs
from tests.dsl.samples import CASES

ALL = all_pairs(CASES / "creation")
CLASSES = {one.code: one for one in (InputsError, DeploymentError, UnknownSecretError)}
NOT_BLUEPRINTS = ("inputs.yaml", "secrets.yaml")


def deploy(texts):
    """The plan; `secrets.yaml` is the store of secrets meanwhile."""
    inputs, secrets = (yaml.safe_load(texts.get(name, "")) or {} for name in NOT_BLUEPRINTS)
    VAULT.use(secrets)
    return planned(Texts(main=texts[MAIN]), inputs, suffixes())[1]


@pytest.mark.parametrize("pair", ALL, ids=str)
def test_what_cannot_be_deployed_is_said_with_its_path(pair):
    """All of it, and nothing else; exit code 3."""
    with pytest.raises(CLASSES[pair.code]) as caught:
        deploy(pair.texts(pair.refused))
    assert isinstance(caught.value, InputError)
    assert list(getattr(caught.value, "problems", [caught.value.message])) == pair.said


@pytest.mark.parametrize("pair", ALL, ids=str)
def test_what_is_nearly_the_same_can_be_deployed(pair):
    """It differs in one line."""
    assert deploy(pair.texts(pair.accepted)) is not None
    assert (len(pair.removed), len(pair.added)) == (1, 1)


def test_each_error_of_the_reference_has_a_case():
    """§18, "At creation": its name is in a title, or its mistakes are found earlier, by codes that have their cases."""
    named = {pair.title.partition(",")[0] for pair in ALL}
    assert {name for name, codes in AT_CREATION.items() if not codes} <= named
    assert {code for codes in AT_CREATION.values() for code in codes} <= set(CODES)
    assert not named & set(NOT_AT_CREATION)
