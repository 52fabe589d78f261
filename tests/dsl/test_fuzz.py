"""Nothing but our error escapes, whatever is written; and planning counts as arithmetic says.

Source: reliability.md §2c, §2e.
"""

import json
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from durable_wf.dsl.compile import compile_blueprint
from durable_wf.dsl.deployment import plan_deployment
from durable_wf.dsl.problems import BlueprintError
from durable_wf.errors import InputError
from durable_wf.model.plan import Blueprint, from_json, to_json
from tests.dsl.kit import HEAD, Texts, deployed, suffixes

CASES = [path.read_text() for path in sorted((Path(__file__).parent / "cases").glob("*.yaml"))]
WORDS = st.sampled_from(
    """
    inputs node_types node_templates relationships plugins workflows outputs type target properties interfaces default
    derived_from implementation get_input get_property get_attribute concat SELF SOURCE a b p.f cloudify.nodes.Root
    cloudify.relationships.contained_in capabilities scalable default_instances instances deploy required
    """.split()  # noqa: SIM905 -- forty quoted words are harder to read
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(max_size=5)
DOCUMENTS = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4), max_leaves=25
)


def problems_of(data):
    """Compile, deploy, store: all of it either works, or is our error; what it complains of.

    What works is as it was after it has been stored, and each of its instances is of one of its nodes.
    """
    try:
        blueprint = compile_blueprint(Texts(main=data))
    except BlueprintError as error:
        return error.problems
    assert from_json(Blueprint, json.loads(json.dumps(to_json(blueprint)))) == blueprint
    try:
        plan = plan_deployment(blueprint, {}, suffixes())
    except InputError:
        return []
    assert {one.node for one in plan.instances} <= set(blueprint.nodes)
    assert len({one.id for one in plan.instances}) == len(plan.instances)
    return []


def say_what_and_where(problems):
    """Whether each does; also where there is none."""
    return all(one.line >= 1 and one.column >= 1 and one.message for one in problems)


@given(st.binary(max_size=200))
def test_any_bytes(data):
    """Most are not even text; none is a blueprint, which names its version first."""
    problems = problems_of(data)
    assert problems
    assert say_what_and_where(problems)


@given(st.text(max_size=300))
def test_any_text(text):
    """Most is not even YAML."""
    assert say_what_and_where(problems_of(HEAD.encode() + text.encode("utf-8", "surrogatepass")))


@given(st.dictionaries(WORDS, DOCUMENTS, max_size=5))
def test_any_structure(document):
    """The language's words in any order."""
    version = {"tosca_definitions_version": "cloudify_dsl_1_5", "imports": ["cloudify/types/types.yaml"]}
    assert say_what_and_where(problems_of(json.dumps({**version, **document}).encode()))


@given(st.sampled_from(CASES), st.data())
def test_any_change_of_a_case(text, data):
    """A few characters cut out, put in or doubled somewhere."""
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 12)))
        put = data.draw(
            st.sampled_from(["", "\n", " ", "  ", ":", "- ", "{", "}", "[", "&a ", "*a", "<<: ", text[start:end] * 2])
        )
        text = text[:start] + put + text[end:]
    assert say_what_and_where(problems_of(text.encode()))


@settings(max_examples=30)  # test_group_model.py asks the same of more
@given(st.lists(st.tuples(st.integers(0, 3), st.none() | st.integers(0, 10)), min_size=1, max_size=6))
def test_contained_nodes_multiply(tree):
    """§15: instances of a node are its count times those of its container; each has one container instance."""
    lines, totals = [], []
    for number, (count, container) in enumerate(tree):
        parent = None if container is None or number == 0 else container % number
        totals.append(count * (1 if parent is None else totals[parent]))
        link = "" if parent is None else f"{{type: cloudify.relationships.contained_in, target: n{parent}}}"
        lines.append(
            f"  n{number}: {{type: cloudify.nodes.Root, instances: {{deploy: {count}}}, relationships: [{link}]}}\n"
        )
    plan = deployed("node_templates:\n" + "".join(reversed(lines)))
    found = {f"n{number}": 0 for number in range(len(tree))}
    for one in plan.instances:
        found[one.node] += 1
        assert one.index == found[one.node]
        for link in one.relationships:
            assert link.target_id.startswith(f"{link.target_name}_")
    assert list(found.values()) == totals
    assert len({one.id for one in plan.instances}) == len(plan.instances)


@settings(max_examples=20)
@given(st.integers(0, 4), st.integers(0, 4), st.booleans())
def test_pairs(sources, targets, to_one):
    """§15: all_to_all is n × m, all_to_one is n, and none where a side is empty."""
    pairing = "all_to_one" if to_one else "all_to_all"
    plan = deployed(
        f"""
node_templates:
  a:
    type: cloudify.nodes.Root
    instances: {{deploy: {sources}}}
    relationships:
    - {{type: cloudify.relationships.connected_to, target: b, properties: {{connection_type: {pairing}}}}}
  b: {{type: cloudify.nodes.Root, instances: {{deploy: {targets}}}}}
"""
    )
    edges = [link.target_id for one in plan.instances for link in one.relationships]
    assert len(edges) == (sources if to_one and targets else sources * targets)
    assert not to_one or len(set(edges)) <= 1
