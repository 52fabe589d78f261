"""Warnings of functions that are not there: where plugins may lie, and what is said of them."""

import shutil
from textwrap import dedent

import pytest

from durable_wf.dsl.compile import check_blueprint
from durable_wf.engine.code import prepare_functions
from durable_wf.engine.missing import missing_functions
from durable_wf.sources.catalogue import Catalogue
from durable_wf.sources.files import FileResolver

HEAD = """\
tosca_definitions_version: cloudify_dsl_1_5
imports: [cloudify/types/types.yaml]
plugins:
  tool: {executor: central_deployment_agent, install: false}
"""


@pytest.fixture
def said(tmp_path):
    """What is said of a blueprint: line, message and path of each warning."""

    def warnings(text, plugins=None):
        prepare_functions()
        source = tmp_path / "main.yaml"
        source.write_text(dedent(text))
        resolver = FileResolver(source, plugins=plugins)
        checked = check_blueprint(resolver)
        found = missing_functions(source, checked, resolver.plugin_folders)
        return [(one.place.line, one.message, one.path) for one in found]

    return warnings


def operations(*mappings):
    """A node with these operations."""
    lines = "".join(f"        o{index}: {mapping}\n" for index, mapping in enumerate(mappings))
    return f"{HEAD}node_templates:\n  n:\n    type: cloudify.nodes.Root\n    interfaces:\n      i:\n{lines}"


def module(folder, name, text="raise SystemExit\ndef run(): pass\n"):
    """A module that must not be run."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.py").write_text(text)


def test_a_plugin_is_looked_for_where_it_would_be_run_from(said, tmp_path):
    """Beside the blueprint, in its folder under plugins/, or installed; a name of `durable_wf.compat`, too."""
    module(tmp_path, "beside")
    module(tmp_path / "plugins" / "tool", "own")
    mappings = ["tool.beside.run", "tool.own.run", "tool.json.dumps", "tool.cloudify.utils.LocalCommandRunner"]
    assert said(operations(*mappings)) == []


def test_each_function_is_told_once_and_each_module(said, tmp_path):
    """At its first mapping; a module that is not there is one mistake, however many functions it should have."""
    module(tmp_path, "beside")
    text = operations(
        "tool.beside.runs", "tool.gone.a", "tool.beside.runs", "tool.gone.b", "tool.beside.run", "tool.run"
    )
    assert said(text) == [
        (10, "the module 'beside' has no function 'runs'", "node_templates.n.interfaces.i.o0"),
        (11, "there is no module 'gone'; 2 mappings name it", "node_templates.n.interfaces.i.o1"),
        (15, "'run' is a function without the module that it is in", "node_templates.n.interfaces.i.o5"),
    ]


def test_workflows_and_types_are_looked_at(said):
    """All that the author maps and the compiler resolves; not what the built-in types do."""
    text = (
        HEAD
        + """\
node_types:
  t:
    derived_from: cloudify.nodes.Root
    interfaces: {i: {o: tool.gone.a}}
relationships:
  r:
    derived_from: cloudify.relationships.connected_to
    source_interfaces: {i: {o: {implementation: tool.away.a}}}
node_templates:
  n: {type: t}
workflows:
  w: {mapping: tool.lost.w}
"""
    )
    assert sorted(said(text)) == [
        (8, "there is no module 'gone'", "node_types.t.interfaces.i.o"),
        (12, "there is no module 'away'", "relationships.r.source_interfaces.i.o.implementation"),
        (16, "there is no module 'lost'", "workflows.w.mapping"),
    ]


def test_an_imported_plugin_is_looked_into(said, tmp_path):
    """Its functions are in the folder of its plugin.yaml; a mistake in that is told where it stands."""
    folder = tmp_path / "installed" / "bought"
    module(folder, "bought")
    (folder / "plugin.yaml").write_text(
        "plugins:\n  bought: {executor: host_agent, package_name: bought, package_version: '1'}\n"
        "workflows: {w: bought.bought.run, x: bought.bought.gone}\n"
    )
    text = HEAD.replace("types.yaml]", "types.yaml, 'plugin:bought']") + "workflows: {y: bought.bought.lost}\n"
    assert said(text, Catalogue([tmp_path / "installed"])) == [
        (5, "the module 'bought' has no function 'lost'", "workflows.y"),
        (3, "the module 'bought' has no function 'gone'", "workflows.x"),
    ]


def test_an_archive_is_not_unpacked_and_no_module_is_missed_then(said, tmp_path):
    """Running unpacks it; looking writes nothing. A function of a module that is there is still told."""
    module(tmp_path, "beside")
    module(tmp_path / "made", "packed")
    (tmp_path / "plugins").mkdir()
    shutil.make_archive(str(tmp_path / "plugins" / "tool"), "zip", tmp_path / "made")
    before = sorted(tmp_path.rglob("*"))
    text = operations("tool.packed.run", "tool.beside.gone").replace("install: false", "source: tool.zip")
    assert [message for _, message, _ in said(text)] == ["the module 'beside' has no function 'gone'"]
    assert sorted(tmp_path.rglob("*")) == sorted([*before, tmp_path / "main.yaml"])
