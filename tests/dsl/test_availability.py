"""When a workflow may be started. Source: reference/blueprint-dsl.md §10."""

import pytest

from durable_wf.dsl.availability import unavailable
from durable_wf.model.declarations import Availability
from tests.dsl.kit import compiled

NODES = """
node_types: {A: {}, B: {derived_from: A}, C: {}}
node_templates: {n: {type: B}}
workflows:
  short: p.w
  long: {mapping: p.w}
  ruled:
    mapping: p.w
    availability_rules: {available: false, node_instances_active: [none, all], node_types_required: [A]}
"""


def test_rules_are_kept_in_the_plan():
    """Without any, a workflow is always available."""
    found = {name: one.availability for name, one in compiled(NODES).workflows.items()}
    assert found["short"] == found["long"] == Availability()
    assert found["ruled"] == Availability(
        available=False, node_instances_active=("none", "all"), node_types_required=("A",)
    )


@pytest.mark.parametrize(
    ("active", "started", "holds"),
    [
        (("all",), [True, True], True),
        (("all",), [True, False], False),
        (("partial",), [True, False], True),
        (("partial",), [True, True], False),
        (("partial",), [False], False),
        (("none",), [False, False], True),
        (("none",), [False, True], False),
        (("none", "partial"), [False, True], True),
        (("all",), [], True),
        (("none",), [], True),
        (("partial",), [], False),
        ((), [True, False], True),
    ],
)
def test_how_many_instances_are_started(active, started, holds):
    """Any of the list is enough; of no instances all and none are started."""
    said = unavailable(Availability(node_instances_active=active), {}, started)
    assert (said == "") is holds
    assert holds or f"asks for {' or '.join(active)}, and {sum(started)} of {len(started)} are started" in said


@pytest.mark.parametrize(
    ("types", "holds"), [(("A",), True), (("B",), True), (("C", "B"), True), (("C",), False), (("C", "D"), False)]
)
def test_which_types_there_must_be(types, holds):
    """Any of them is enough; a type derived from it counts."""
    said = unavailable(Availability(node_types_required=types), compiled(NODES).nodes, [])
    assert (said == "") is holds
    assert holds or f"a node of type {' or '.join(types)}" in said


def test_never():
    """`available: false` needs no other reason."""
    assert unavailable(Availability(available=False), {}, []) == "its rule is 'available: false'"
