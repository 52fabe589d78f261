"""`plugins install|list|show`, and what blueprints make of it."""

import tarfile
import zipfile

import pytest

YAML = """
plugins:
  tool:
    executor: central_deployment_agent
    package_name: my-tool
    package_version: '{}'
"""
MAIN = """
tosca_definitions_version: cloudify_dsl_1_5
imports: [cloudify/types/types.yaml, "plugin:my-tool?version=>=1"]
node_templates: {n: {type: cloudify.nodes.Root}}
workflows: {go: tool.my_tool.flows.go}
"""


def make(folder, version="1.0", answer="first"):
    (folder / "my_tool").mkdir(parents=True, exist_ok=True)
    (folder / "plugin.yaml").write_text(YAML.format(version))
    (folder / "my_tool" / "__init__.py").write_text("")
    (folder / "my_tool" / "flows.py").write_text(
        f"from durable_wf import workflow\n\n@workflow\ndef go(ctx):\n    return {answer!r}\n"
    )
    return folder


@pytest.fixture(autouse=True)
def store(inside, tmp_path):
    """The folder of plugins, named by the environment."""
    inside.environ["DURABLE_WF_PLUGINS"] = str(tmp_path / "store")


def test_a_plugin_is_installed_once_and_listed(inside, tmp_path):
    """The same again is no error; another content of one version is."""
    source = make(tmp_path / "tool")
    assert inside("plugins", "install", source).stdout == "my-tool\n"
    inside("plugins", "install", source)
    (found,) = inside.json("plugins", "list")["items"]
    assert (found["id"], found["version"]) == ("my-tool", "1.0")
    make(source, answer="second")
    said = inside("plugins", "install", source, code=2).stderr
    assert "installed already, with another content" in said
    make(source, version="1.1", answer="second")
    inside("plugins", "install", source)
    items = inside.json("plugins", "show", "my-tool")["items"]
    assert [one["version"] for one in items] == ["1.0", "1.1"]
    assert items[0]["files"] == ["my_tool/__init__.py", "my_tool/flows.py", "plugin.yaml"]
    assert items[0]["sha256"] != items[1]["sha256"]
    assert sorted(path.name for path in (tmp_path / "store").iterdir()) == ["my-tool"]
    assert not inside.journal.exists()


def test_a_workflow_of_an_installed_plugin_runs(inside, tmp_path):
    """Its code is found where it was installed, when the deployment is made and later."""
    inside("plugins", "install", make(tmp_path / "tool"))
    (tmp_path / "main.yaml").write_text(MAIN)
    inside("deployments", "create", "main.yaml", "-d", "d")
    assert inside.json("run", "go", "-d", "d")["result"] == "first"
    assert len(inside.json("list")["items"]) == 1


def test_without_the_plugin_the_blueprint_is_refused(inside, tmp_path):
    """And the error says what to do."""
    (tmp_path / "main.yaml").write_text(MAIN)
    said = inside("validate", "main.yaml", code=3).stderr
    assert "there is no plugin 'my-tool' [plugin-not-found]" in said
    assert "or: durable-wf plugins install PATH\n" in said
    inside("plugins", "install", make(tmp_path / "tool"), "--plugins", tmp_path / "other")
    inside("validate", "main.yaml", "--plugins", tmp_path / "other")


def test_archives_are_installed(inside, tmp_path):
    """A zip of a folder; a wagon, whose plugin.yaml is named beside it."""
    source = make(tmp_path / "tool")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for path in sorted(source.rglob("*")):
            archive.write(path, f"tool-1.0/{path.relative_to(source)}")
    inside("plugins", "install", "a.zip")
    with zipfile.ZipFile(tmp_path / "tool-2.whl", "w") as wheel:
        wheel.writestr("my_tool/__init__.py", "")
    (tmp_path / "package.json").write_text("{}")
    with tarfile.open(tmp_path / "a.wgn", "w:gz") as wagon:
        wagon.add(tmp_path / "package.json", "tool/package.json")
        wagon.add(tmp_path / "tool-2.whl", "tool/wheels/tool-2.whl")
    assert "has no plugin.yaml" in inside("plugins", "install", "a.wgn", code=3).stderr
    (tmp_path / "plugin.yaml").write_text(YAML.format("2.0"))
    inside("plugins", "install", "a.wgn", "--yaml", "plugin.yaml")
    assert [one["version"] for one in inside.json("plugins", "list")["items"]] == ["1.0", "2.0"]


@pytest.mark.parametrize(
    ("yaml", "text"),
    [
        ("", "says no package_name"),
        ("plugins: {t: {package_name: t}}", "says no package_version"),
        ("plugins: {t: {package_name: ../t, package_version: '1'}}", "cannot be a plugin's name"),
        ("plugins: {t: {package_name: t, package_version: '../1'}}", "cannot be a plugin's name"),
    ],
)
def test_what_cannot_be_installed_leaves_nothing(inside, tmp_path, yaml, text):
    """One error each."""
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "plugin.yaml").write_text(yaml)
    assert text in inside("plugins", "install", "p", code=3).stderr
    assert list((tmp_path / "store").iterdir()) == []


def test_a_folder_with_links_is_not_installed(inside, tmp_path):
    """What they lead to would not be what was hashed."""
    make(tmp_path / "p")
    (tmp_path / "p" / "secret").symlink_to("/etc/passwd")
    assert "is a link" in inside("plugins", "install", "p", code=3).stderr
    assert "there is no" in inside("plugins", "install", "nowhere", code=3).stderr
    assert "is no archive" in inside("plugins", "install", "p/plugin.yaml", code=3).stderr


def test_an_unknown_plugin_shows_near_ones(inside, tmp_path):
    """As everywhere."""
    assert "no plugins in" in inside("plugins", "list").stderr
    inside("plugins", "install", make(tmp_path / "tool"))
    assert "did you mean 'my-tool'?" in inside("plugins", "show", "my-tol", code=7).stderr
