"""Files of a blueprint, found and merged. Sections are those of reference/blueprint-dsl.md."""

import subprocess
import sys
from hashlib import sha256

import pytest

from durable_wf.dsl.compile import compile_blueprint
from durable_wf.dsl.source import Limits
from durable_wf.errors import InputError
from durable_wf.sources.files import READ, FileResolver, builtin_types
from durable_wf.sources.port import SourceError
from tests.dsl.kit import codes, compiled

VERSION = "tosca_definitions_version: cloudify_dsl_1_{}\n"
IMPORT_A = VERSION.format(5) + "imports: [a.yaml]\n"


def write(folder, **files):
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + ".yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return FileResolver(folder / "main.yaml")


def test_sections_of_all_files_are_merged():
    """§3: by name; description and metadata are the main file's."""
    found = compiled(
        "description: mine\nmetadata: {a: 1}\ninputs: {x: {}}\n",
        IMPORT_A,
        a="description: other\nmetadata: {b: 1}\ninputs: {y: {}}\nimports: [b.yaml]\n",
        b="outputs: {o: {value: 1}}\n",
    )
    assert (found.description, found.metadata, list(found.inputs), list(found.outputs)) == (
        "mine",
        {"a": 1},
        ["x", "y"],
        ["o"],
    )


def test_relationships_can_be_added_to_an_imported_node():
    """§3: where one side has only `relationships`, the lists are one after the other."""
    head = VERSION.format(5) + "imports: [cloudify/types/types.yaml, a.yaml]\n"
    link = "relationships: [{type: cloudify.relationships.depends_on, target: %s}]"
    found = compiled(
        "node_templates: {n: {%s}, t: {type: cloudify.nodes.Root}}" % (link % "t"),
        head,
        a="node_templates: {n: {type: cloudify.nodes.Root, %s}, s: {type: cloudify.nodes.Root}}" % (link % "s"),
    )
    assert [one.target for one in found.nodes["n"].relationships] == ["t", "s"]
    both = "node_templates: {n: {type: cloudify.nodes.Root}}"
    assert codes(both, head, a=both) == ["conflicting-definition"]


def test_workflows_are_merged_key_by_key():
    """§3: existing keys are kept, no error."""
    plugin = "plugins: {p: {executor: central_deployment_agent, install: false}}\n"
    found = compiled(
        plugin + "workflows: {w: p.mine}", IMPORT_A, a="workflows: {w: {mapping: p.other, is_cascading: true}}"
    )
    assert (found.workflows["w"].function, found.workflows["w"].is_cascading) == ("mine", True)


def test_the_main_files_workflows_may_stand_before_built_in_ones():
    """§20: only where the file says so; else its own is not used, and a warning says how to have it."""
    text = "workflows: {install: p.mine, other: p.other}\n"
    found = compiled(text)
    assert found.workflows["install"].function == "cloudify.plugins.workflows.install"
    assert [line for line in found.warnings if "override_builtin_workflows: true" in line]
    found = compiled("metadata: {override_builtin_workflows: true}\n" + text)
    assert found.workflows["install"].function == "mine"
    assert found.workflows["install"].parameters == {}
    assert found.workflows["uninstall"].function == "cloudify.plugins.workflows.uninstall"
    assert found.warnings == ()


@pytest.mark.parametrize("imports", ["[a.yaml, cloudify/types/types.yaml]", "[cloudify/types/types.yaml, a.yaml]"])
def test_workflows_of_imported_files_too_and_only_the_main_file_can_say_so(imports):
    """§20: whichever file is read first; the flag in an imported file means nothing."""
    head = VERSION.format(5) + f"imports: {imports}\n"
    flag = "metadata: {override_builtin_workflows: true}\n"
    other = "plugins: {p: {executor: central_deployment_agent, install: false}}\nworkflows: {install: p.mine}\n"
    found = compiled("", head, a=flag + other)
    assert found.workflows["install"].function == "cloudify.plugins.workflows.install"
    assert found.metadata == {"override_builtin_workflows": True}
    assert [line for line in found.warnings if line.startswith("a.yaml:3:13: workflows.install: ")]
    assert compiled(flag, head, a=other).workflows["install"].function == "mine"


def test_the_built_in_types_win():
    """§3, §20: redefining one is not silent here: it is a warning."""
    found = compiled(
        "node_types: {cloudify.nodes.Root: {properties: {mine: {}}}}\nnode_templates: {n: {type: cloudify.nodes.Root}}"
    )
    assert "mine" not in found.nodes["n"].properties
    (warning,) = found.warnings
    assert warning.startswith("main.yaml:5:14: node_types.cloudify.nodes.Root: ")


def test_the_last_of_two_imported_cloudify_names_wins():
    """§3: for names that begin with `cloudify.`."""
    head = VERSION.format(5) + "imports: [a.yaml, b.yaml]\n"
    text = "node_types: {cloudify.acme.T: {properties: {%s: {default: 1}}}}"
    found = compiled("node_templates: {n: {type: cloudify.acme.T}}", head, a=text % "x", b=text % "y")
    assert found.nodes["n"].properties == {"y": 1}
    assert [line.partition(" ")[0] for line in found.warnings] == ["a.yaml:1:14:"]


def test_an_import_may_be_older_or_say_nothing():
    """§1: but not newer than the main file."""
    assert codes("", VERSION.format(3) + "imports: [a.yaml]\n", a=VERSION.format(1)) == []
    assert codes("", VERSION.format(3) + "imports: [a.yaml]\n", a="inputs: {}") == []
    assert codes("", VERSION.format(3) + "imports: [a.yaml]\n", a=VERSION.format(4)) == ["newer-import"]


@pytest.mark.parametrize("minor", range(6))
def test_the_built_in_types_fit_every_version(minor):
    """§17: upstream's types cannot be imported by 1_0 to 1_2; ours can, they have no version."""
    head = VERSION.format(minor) + "imports: [cloudify/types/types.yaml]\n"
    assert list(compiled("node_templates: {n: {type: cloudify.nodes.Compute}}", head).nodes) == ["n"]


def test_nothing_is_called_unknown_that_a_missing_file_may_have():
    """One mistake is one problem: a hundred names of a file that is not there are not."""
    text = """
    node_templates:
      a: {type: lib.A, relationships: [{type: lib.R, target: lib_node}], interfaces: {i: {go: lib.go}}}
      b: {type: lib.B, properties: {x: {get_input: lib_input}, y: {get_property: [lib_node, z]}}}
    workflows: {w: lib.w}
    """
    assert codes(text, VERSION.format(5) + "imports: [lib.yaml]\n") == ["import-not-found"]
    assert codes(text, VERSION.format(5) + "imports: [lib.yaml]\n", lib="a: [") == ["not-yaml"]
    assert codes(text, VERSION.format(5) + "imports: [lib.yaml]\n", lib="node_type: 5\nnode_types: [a]") == [
        "unknown-key",
        "wrong-type",
    ]


def test_but_a_near_miss_is_a_mistake_all_the_same():
    """A name that is almost one that we have read is probably that one."""
    text = "node_types: {acme.Server: {}}\nnode_templates: {a: {type: acme.Sever}}"
    assert codes(text, VERSION.format(5) + "imports: [lib.yaml]\n") == ["import-not-found", "unknown-node-type"]


def test_files_are_found_beside_the_importing_one(tmp_path):
    """§3: relative to it; one for the language's version is preferred; sources are recorded by name and hash."""
    resolver = write(
        tmp_path,
        main=VERSION.format(4) + "imports: [lib/a.yaml]\n",
        lib__a="imports: [b.yaml]\n",
        lib__b="inputs: {any: {}}\n",
        lib__b_1_4="inputs: {four: {}}\n",
        b="inputs: {beside_main: {}}\n",
    )
    found = compile_blueprint(resolver)
    assert list(found.inputs) == ["four"]
    assert list(found.sources) == ["main.yaml", "lib/a.yaml", "lib/b_1_4.yaml"]
    assert found.sources["lib/a.yaml"] == sha256(b"imports: [b.yaml]\n").hexdigest()
    assert str(tmp_path) not in str(found)


def test_messages_show_files_as_they_were_named(tmp_path, monkeypatch):
    """So that a terminal can open them."""
    write(tmp_path, sub__main=VERSION.format(5) + "imports: [lib/a.yaml]\n", sub__lib__a="inputs: 5\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as caught:
        compile_blueprint(FileResolver("sub/main.yaml"))
    assert str(caught.value).startswith("sub/lib/a.yaml:1:9: inputs: ")


@pytest.mark.parametrize(
    "spelling",
    [
        "cloudify/types/types.yaml",
        "cloudify/types/types_1_3.yaml",
        "resource:cloudify/types/types_1_4.yaml",
        "https://example.org/spec/cloudify/6.3.1/types.yaml",
        "http://example.org/a/spec/cloudify/7.0/types_1_5.yaml",
        "file:///opt/manager/resources/cloudify/types/types.yaml",
    ],
)
def test_the_built_in_types_by_path_or_address(tmp_path, spelling):
    """§3, §17: versioned copies and absolute addresses of it are the built-in file; nothing is fetched."""
    resolver = write(
        tmp_path,
        main=VERSION.format(5) + f"imports: ['{spelling}']\nnode_templates: {{n: {{type: cloudify.nodes.Root}}}}\n",
    )
    assert list(compile_blueprint(resolver).sources) == ["main.yaml", "cloudify/types/types.yaml"]


@pytest.mark.parametrize(
    "target", ["../secret.yaml", "link.yaml", "folder/inner.yaml", "/{}/secret.yaml", "./a/../../secret.yaml"]
)
def test_nothing_outside_the_folder_is_read(tmp_path, target):
    """reliability.md §2c: not by `..`, not by an absolute path, not through links."""
    inside = tmp_path / "inside"
    inside.mkdir()
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "secret.yaml").write_text("inputs: {secret: {}}")
    (outside / "inner.yaml").write_text("inputs: {secret: {}}")
    (inside / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    (inside / "folder").symlink_to(outside)
    named = target.format(tmp_path)
    resolver = write(inside, main=VERSION.format(5) + f"imports: ['{named}']\n")
    with pytest.raises(InputError) as caught:
        compile_blueprint(resolver)
    assert [one.code for one in caught.value.problems] == ["import-outside"]


def test_a_file_of_the_main_folder_is_found_from_a_folder_below(tmp_path):
    """§3: after the siblings of the importing file, the blueprint's own folder is looked through."""
    resolver = write(
        tmp_path,
        main=VERSION.format(5) + "imports: [sub/a.yaml]\n",
        sub__a="imports: [lib/b.yaml]\n",
        lib__b="inputs: {x: {}}\n",
    )
    found = compile_blueprint(resolver)
    assert list(found.sources) == ["main.yaml", "sub/a.yaml", "lib/b.yaml"]


@pytest.mark.parametrize(
    "target",
    ["x" * 5000, "x/" * 3000 + "a.yaml", "a\\0b", "", ".", "./", "/", "sub", "%00", "file://", "file:///etc/passwd"],
)
@pytest.mark.parametrize("where", ["beside", "from elsewhere"])
def test_names_that_are_no_files(tmp_path, monkeypatch, target, where):
    """reliability.md §2c: one clear error, whatever the name is, and however the main file was named."""
    resolver = write(tmp_path, main=VERSION.format(5) + f'imports: ["{target}"]\n', sub__a="")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as caught:
        compile_blueprint(FileResolver("main.yaml") if where == "beside" else resolver)
    assert next(one.code for one in caught.value.problems) in {"import-not-found", "import-outside", "bad-character"}
    assert len(caught.value.problems) == 1


def test_a_wider_folder_can_be_given(tmp_path):
    """The root is a parameter: an archive's main file may lie in a folder of it."""
    write(tmp_path, sub__main=VERSION.format(5) + "imports: [../lib.yaml]\n", lib="inputs: {x: {}}\n")
    found = compile_blueprint(FileResolver(tmp_path / "sub" / "main.yaml", root=tmp_path))
    assert list(found.sources) == ["main.yaml", "../lib.yaml"]


@pytest.mark.parametrize("name", ["missing.yaml", ".", "unreadable.yaml"])
def test_a_main_file_that_cannot_be_read(tmp_path, name):
    """An error of ours, that names it; a folder is told from a file."""
    (tmp_path / "unreadable.yaml").symlink_to(tmp_path / "unreadable.yaml")
    (tmp_path / "there.yaml").write_text("")
    with pytest.raises(SourceError) as caught:
        compile_blueprint(FileResolver(tmp_path / name))
    assert str(tmp_path) in str(caught.value)
    assert ("there.yaml" in str(caught.value.hint)) == (name == ".")


def test_of_a_file_no_more_is_read_than_shows_that_it_is_too_large(tmp_path):
    """However large it is; what is said of its size is true."""
    assert Limits().file_bytes + 1 == READ
    (tmp_path / "main.yaml").write_bytes(b"#" * (READ + 1000))
    assert len(FileResolver(tmp_path / "main.yaml").main().data) == READ
    with pytest.raises(InputError, match="the file has more than 5000000 bytes"):
        compile_blueprint(FileResolver(tmp_path / "main.yaml"))


def test_the_types_are_package_data():
    """They are found through the package, from any folder."""
    assert builtin_types().builtin
    program = "from durable_wf.sources.files import builtin_types; print(len(builtin_types().data))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(done.stdout) == len(builtin_types().data)
