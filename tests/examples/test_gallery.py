"""The blueprints to begin from: what is said of each, its plan, its pictures; and which of the language they show."""

import json
import subprocess
from contextlib import chdir
from functools import cache
from itertools import count, cycle

import pytest

from durable_wf.authoring.not_built import warnings_of
from durable_wf.cli.values import read_values
from durable_wf.dsl.compile import compile_blueprint
from durable_wf.dsl.deployment import plan_deployment
from durable_wf.dsl.functions import FUNCTIONS
from durable_wf.inspection.topology.drawing import drawing_of
from durable_wf.inspection.topology.svg import svg
from durable_wf.inspection.topology.texts import dot, mermaid
from durable_wf.model.plan import Blueprint, from_json, to_json
from durable_wf.sources.files import FileResolver, builtin_types
from tests.cli.kit import Inside
from tests.dsl.showing import TABLE, accepted, seen, tree
from tools.gen_gallery import GALLERY, ORDER, read

SAID = json.loads((GALLERY.parents[2] / "tests" / "examples" / "gallery_said.json").read_text())
"""By blueprint, all that `plan -v` says of it: warnings, then notes, then why operations cannot be run yet."""

_OPERATION = "node_templates.*.interfaces.*.*."
_TYPES_OPERATION = "node_types.*.interfaces.*.*."
_CONSTRAINT = "workflows.*.parameters.*.constraints[]."
ROWS_NOT_SHOWN = {
    "imported_blueprints": "the older system writes it into merged blueprints; people do not",
    "namespaces_mapping": "as imported_blueprints",
    **{
        f"{owner}{name}": "refused until the engine can do it"
        for owner in (_OPERATION, _TYPES_OPERATION)
        for name in ("retry", "timeout", "timeout_recoverable")
    },
    **{
        f"{_CONSTRAINT}{name}": "as of inputs, which show it"
        for name in ("equal", "deployment_id", "filter_id", "labels", "tenants", "name_pattern")
    },
}
TYPES_NOT_SHOWN: set[str] = set()
FUNCTIONS_NOT_SHOWN: set[str] = set()


@cache
def compiled(name):
    """Compiled in its own folder, so that what is said has short names of files."""
    with chdir(GALLERY / name):
        return compile_blueprint(FileResolver("blueprint.yaml"))


def arguments(name):
    """What `plan` is given for an example."""
    inputs = read(name).inputs
    return [GALLERY / name / "blueprint.yaml", *(["-i", inputs] if inputs else [])]


def planned(name, blueprint):
    inputs = read(name).inputs
    numbers = count(1)
    return plan_deployment(blueprint, read_values([str(inputs)], "-i") if inputs else {}, lambda: f"{next(numbers):06}")


@cache
def files():
    """The text of all files of all blueprints, by path in the gallery."""
    paths = (path for path in GALLERY.rglob("*.yaml") if path.name != "inputs.yaml")
    return {str(path.relative_to(GALLERY)): path.read_text() for path in sorted(paths)}


def test_each_folder_is_in_the_page():
    assert sorted(ORDER) == sorted(path.name for path in GALLERY.iterdir() if (path / "blueprint.yaml").exists())
    assert len(ORDER) >= 12


@pytest.mark.parametrize("name", ORDER)
def test_each_validates_and_what_is_said_is_known(name):
    """No problem; exactly these warnings and notes; and nothing is lost when the plan is stored."""
    found = compiled(name)
    assert [*found.warnings, *found.notes, *warnings_of(found)] == SAID.get(name, [])
    assert from_json(Blueprint, to_json(found)) == found


@pytest.mark.parametrize("name", ORDER)
def test_each_is_planned_the_same_every_time(name):
    """From the file as from the stored blueprint."""
    first = to_json(planned(name, compiled(name)))
    assert first == to_json(planned(name, from_json(Blueprint, to_json(compiled(name)))))
    assert first == to_json(planned(name, compile_blueprint(FileResolver(GALLERY / name / "blueprint.yaml"))))


PAINTERS = {"svg": svg, "dot": dot, "mmd": mermaid}


@pytest.mark.parametrize(("name", "suffix"), [*zip(ORDER, cycle(PAINTERS), strict=False)])
def test_each_is_drawn(name, suffix, tmp_path, monkeypatch):
    """Every node is in every picture; one of them for each is that of the command."""
    monkeypatch.chdir(tmp_path)
    drawing = drawing_of(planned(name, compiled(name)))
    texts = {each: paint(drawing) for each, paint in PAINTERS.items()}
    for text in texts.values():
        assert [node for node in compiled(name).nodes if node not in text] == []
    Inside(tmp_path)("plan", *arguments(name), "-o", f"topology.{suffix}")
    assert (tmp_path / f"topology.{suffix}").read_text() == texts[suffix]


@pytest.mark.parametrize("path", sorted(GALLERY.rglob("*.sh")), ids=lambda path: path.name)
def test_shell_scripts_can_be_parsed(path):
    """They are not run before scripts can be."""
    assert path.read_text().startswith("#!/bin/sh\n")
    subprocess.run(["/bin/sh", "-n", path], check=True)


@pytest.mark.parametrize("path", sorted(GALLERY.rglob("*.py")), ids=lambda path: path.name)
def test_python_files_can_be_parsed(path):
    compile(path.read_text(), str(path), "exec")


def test_what_the_gallery_does_not_show_of_the_grammar_is_known():
    """Each row of the language is in some blueprint, but these."""
    shown = {one.name for one in accepted(files()) if one.kind == "row"}
    assert sorted(set(TABLE.rows) - shown) == sorted(ROWS_NOT_SHOWN)


def test_what_the_gallery_does_not_show_of_functions_is_known():
    shown = {one.name for one in accepted(files()) if one.kind == "function"}
    assert set(FUNCTIONS) - shown == FUNCTIONS_NOT_SHOWN


def test_what_the_gallery_does_not_show_of_built_in_types_is_known():
    """A type is shown where a node or relationship has it, or a type of the gallery derives from it."""
    builtin = tree("types.yaml", builtin_types().data.decode())
    known = {name for section in ("node_types", "relationships") for name in builtin.get(section).pairs}
    used = set()
    for name, text in files().items():
        rows = ("node_templates.*.type", "node_templates.*.relationships[].type", "node_types.*.derived_from",
                "relationships.*.derived_from")  # fmt: skip
        used.update(one.value.text for one in seen(tree(name, text)) if one.kind == "row" and one.name in rows)
    assert known - used == TYPES_NOT_SHOWN
