"""Warnings of what cannot be run: only of what is used, and each where its author can see it."""

from durable_wf.dsl.compile import check_blueprint
from durable_wf.engine.unbuilt import not_built
from tests.dsl.kit import HEAD, Texts


def said(text, head=HEAD, **imported):
    """File, line, path and message of each warning."""
    found = not_built(check_blueprint(Texts(main=head + text, **imported)))
    assert {one.code for one in found} <= {"cannot-run-yet"}
    return [(one.file, one.place.line, one.path, one.message) for one in found]


YET = "cannot be run: this version of durable-wf does not run scripts yet"
TYPE = 'node_types: {T: {derived_from: cloudify.nodes.Root, interfaces: {i: {o: "echo 1\\necho 2"}}}}\n'


def test_a_type_that_no_node_is_of_stops_nothing():
    """It is told at the mapping in the type, once for all nodes, as soon as there is one."""
    assert said(TYPE) == []
    nodes = "node_templates: {a: {type: T}, b: {type: T}}\n"
    more = "; 2 operations of nodes are mapped to it"
    message = f"the script that begins with 'echo 1' {YET}{more}"
    assert said(TYPE + nodes) == [("main.yaml", 5, "node_types.T.interfaces.i.o", message)]
    head = HEAD.replace("types.yaml]", "types.yaml, lib.yaml]")
    assert said(nodes, head, lib=TYPE) == [("lib.yaml", 1, "node_types.T.interfaces.i.o", message)]


def test_a_node_that_takes_another_operation_is_not_warned_of():
    """What its type says does not matter then."""
    assert said(TYPE + "node_templates: {a: {type: T, interfaces: {i: {o: p.mod.f}}}}\n") == []


def test_operations_of_a_built_in_type_are_told_at_the_node():
    """The author cannot mend the mapping, but sees which node has it."""
    text = "node_templates:\n  s: {type: cloudify.nodes.PasswordSecret}\n"
    ((file, line, path, message),) = said(text)
    assert (file, line, path) == ("main.yaml", 6, "node_templates.s")
    assert "s.cloudify.interfaces.lifecycle.create ('cloudify_types.password_secret.create')" in message
    assert message.endswith("cannot be run: this version of durable-wf does not have it yet")


def test_workflows_of_the_built_in_types_are_not_warned_of():
    """Every blueprint that imports them has those; one that is a script is its author's."""
    assert said("") == []
    message = f"the script that begins with 'echo 1' {YET}"
    assert said('workflows: {w: "echo 1\\necho 2"}\n') == [("main.yaml", 5, "workflows.w", message)]
