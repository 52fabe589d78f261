"""`plugin:NAME?version=SPEC`, and what of the found file goes into a plan. Source: reference/blueprint-dsl.md §3."""

import pytest

from durable_wf.dsl.compile import compile_blueprint
from durable_wf.errors import InputError
from durable_wf.sources.catalogue import Catalogue, read_query
from durable_wf.sources.files import FileResolver
from durable_wf.sources.port import SourceError

HEAD = "tosca_definitions_version: cloudify_dsl_1_5\n"
PLUGIN = "plugins:\n  {0}:\n    executor: central_deployment_agent\n    package_name: {0}\n    package_version: '{1}'\n"


def put(folder, name, version, *, file="plugin.yaml", below=None, more=""):
    place = folder / name / below if below else folder / name
    place.mkdir(parents=True, exist_ok=True)
    (place / file).write_text(PLUGIN.format(name, version) + more)
    return place


def resolver(tmp_path, imports, *folders):
    inside = tmp_path / "blueprint"
    inside.mkdir(exist_ok=True)
    (inside / "main.yaml").write_text(f"{HEAD}imports: [{imports}]\n")
    return FileResolver(inside / "main.yaml", plugins=Catalogue(folders))


def version_of(tmp_path, query, *folders):
    return compile_blueprint(resolver(tmp_path, f"'plugin:{query}'", *folders)).plugins["tool"].package_version


def test_the_newest_version_that_fits_is_taken(tmp_path):
    """§3: a list of conditions, a bare version, the blank that real blueprints have."""
    for version in ("1.9", "1.10", "2.0"):
        put(tmp_path / "all", "tool", version, below=version)
    found = {
        query: version_of(tmp_path, query, tmp_path / "all")
        for query in ("tool", "tool?version=<2", "tool?version= >=1.0,!=2.0", "tool?version=1.9&distribution=x")
    }
    assert list(found.values()) == ["2.0", "1.10", "1.10", "1.9"]


def test_a_plugin_that_is_called_nearly_so_is_named(tmp_path):
    """As `plugins show` does; else, how to get one is said."""
    put(tmp_path / "all", "shop-dist", "1.0", below="1.0")
    with pytest.raises(InputError, match=r"did you mean 'plugin:shop-dist'\?"):
        compile_blueprint(resolver(tmp_path, "'plugin:shop'", tmp_path / "all"))
    with pytest.raises(InputError, match="plugins install PATH"):
        compile_blueprint(resolver(tmp_path, "'plugin:zoo'", tmp_path / "all"))


def test_a_plugin_beside_the_blueprint_stands_before_an_equal_one(tmp_path):
    """Its file is named as the blueprint's other files are; one from elsewhere says where it is from."""
    put(tmp_path / "all", "tool", "1.0", more="inputs: {elsewhere: {}}\n")
    put(tmp_path / "blueprint" / "plugins", "tool", "1.0", more="inputs: {beside: {}}\n")
    found = compile_blueprint(resolver(tmp_path, "'plugin:tool'", tmp_path / "all"))
    assert (list(found.inputs), list(found.sources)) == (["beside"], ["main.yaml", "plugins/tool/plugin.yaml"])
    put(tmp_path / "all", "tool", "1.1", more="inputs: {elsewhere: {}}\n")
    reader = resolver(tmp_path, "'plugin:tool'", tmp_path / "all")
    found = compile_blueprint(reader)
    assert (list(found.inputs), list(found.sources)) == (["elsewhere"], ["main.yaml", "plugin:tool@1.1/plugin.yaml"])
    assert str(tmp_path) not in str(found)
    assert list(reader.plugin_folders) == [tmp_path / "all" / "tool"]


def test_a_plugins_file_imports_its_own_files_and_no_others(tmp_path):
    """reliability.md §2c: relative to it, not to the blueprint, and not out of its folder."""
    place = put(tmp_path / "all", "tool", "1.0", more="imports: [more.yaml]\n")
    (place / "more.yaml").write_text("inputs: {more: {}}\n")
    found = compile_blueprint(resolver(tmp_path, "'plugin:tool'", tmp_path / "all"))
    assert list(found.inputs) == ["more"]
    assert "plugin:tool@1.0/more.yaml" in found.sources
    (tmp_path / "all" / "secret.yaml").write_text("inputs: {secret: {}}\n")
    put(tmp_path / "all", "tool", "1.0", more="imports: [../secret.yaml]\n")
    with pytest.raises(InputError) as caught:
        compile_blueprint(resolver(tmp_path, "'plugin:tool'", tmp_path / "all"))
    assert [one.code for one in caught.value.problems] == ["import-outside"]
    assert "the plugin's folder" in str(caught.value)


@pytest.mark.parametrize(
    ("files", "chosen"),
    [
        (["other.yaml"], "other.yaml"),
        (["plugin.yaml", "plugin_1_4.yaml", "plugin_1_5.yaml"], "plugin_1_5.yaml"),
        (["plugin_1_3.yaml", "plugin.yaml", "v2_plugin.yaml"], "plugin.yaml"),
        (["plugin_1_3.yaml", "plugin_1_4.yaml"], None),
    ],
)
def test_which_file_of_a_folder_is_the_plugins(tmp_path, files, chosen):
    """§3: the only one; else the one for the language's version; else the first without a version."""
    for file in files:
        put(tmp_path, "tool", "1.0", file=file)
    path = Catalogue([tmp_path]).find(read_query("tool")).yaml((1, 5))
    assert (path and path.name) == chosen


def test_labels_of_a_plugins_file_are_not_the_blueprints(tmp_path):
    """§3: a warning says so; those of other imports are."""
    put(tmp_path / "all", "tool", "1.0")
    reader = resolver(tmp_path, "'plugin:tool'", tmp_path / "all")
    source = reader.find("plugin:tool", reader.main(), (1, 5))
    assert source.plugin
    assert not reader.main().plugin


def test_an_installed_distribution_may_bring_its_plugin_yaml(tmp_path, monkeypatch):
    """By the distribution's name and version; its code is importable already."""
    info = tmp_path / "site" / "tool-3.1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tool\nVersion: 3.1\n")
    (info / "RECORD").write_text("tool/plugin.yaml,,\n")
    (tmp_path / "site" / "tool").mkdir()
    (tmp_path / "site" / "tool" / "plugin.yaml").write_text(PLUGIN.format("tool", "3.1"))
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    reader = resolver(tmp_path, "'plugin:tool?version=>=3'")
    assert compile_blueprint(reader).plugins["tool"].package_version == "3.1"
    assert not reader.plugin_folders


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("tool?version=>=2", "there is 1.0"),
        ("other", "there is no plugin 'other'"),
        ("tool?color=red", "no parameter 'color'"),
        ("tool?version=>=", "no condition"),
        ("../tool", "no name of a plugin"),
        ("a/b", "no name of a plugin"),
        ("", "no name of a plugin"),
    ],
)
def test_a_plugin_that_cannot_be_had(tmp_path, query, text):
    """One sentence each."""
    put(tmp_path, "tool", "1.0")
    with pytest.raises(SourceError, match=text) as caught:
        Catalogue([tmp_path]).find(read_query(query))
    assert caught.value.problem == "plugin-not-found"
