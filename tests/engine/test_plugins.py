"""Plugins of deployments: folders and archives beside blueprints, their name spaces and hashes."""

import zipfile

import pytest

from durable_wf import Engine
from durable_wf.errors import InputError

BLUEPRINT = """
tosca_definitions_version: cloudify_dsl_1_5
imports: [cloudify/types/types.yaml]
plugins: {plugin: {executor: central_deployment_agent, source: %s}}
node_templates:
  n:
    type: cloudify.nodes.Root
    interfaces: {own: {go: plugin.plugin.tasks.go, fail: plugin.plugin.tasks.fail}}
workflows: {flow: plugin.plugin.flows.flow, failing: plugin.plugin.flows.failing, raising: plugin.plugin.flows.raising}
"""
FLOWS = """
from durable_wf import workflow
from plugin.errors import Gone

@workflow
def flow(ctx):
    instance = next(iter(next(iter(ctx.nodes)).instances))
    return instance.execute_operation("own.go").get()

@workflow
def failing(ctx):
    instance = next(iter(next(iter(ctx.nodes)).instances))
    try:
        instance.execute_operation("own.fail").get()
    except Gone as error:
        return f"{type(error).__name__}: {error}"

@workflow
def raising(ctx):
    raise Gone("lost")
"""
TASKS = """
from durable_wf import operation
from plugin.errors import Gone

@operation
def go():
    from plugin import names
    return names.NAME

@operation
def fail():
    from plugin.names import NAME
    raise Gone(NAME)
"""
FILES = {
    "__init__.py": "",
    "errors.py": "from durable_wf import NonRecoverableError\n\nclass Gone(NonRecoverableError):\n    pass\n",
    "flows.py": FLOWS,
    "tasks.py": TASKS,
}


def blueprint(folder, name, source="plugin"):
    folder.mkdir()
    (folder / "blueprint.yaml").write_text(BLUEPRINT % source)
    files = {**FILES, "names.py": f"NAME = {name!r}\n"}
    if source == "plugin":
        package = folder / "plugins" / "plugin" / "plugin"
        package.mkdir(parents=True)
        for file, text in files.items():
            (package / file).write_text(text)
    else:
        (folder / "plugins").mkdir()
        with zipfile.ZipFile(folder / "plugins" / source, "w") as archive:
            for file, text in files.items():
                archive.writestr(f"plugin/{file}", text)
    return folder / "blueprint.yaml"


@pytest.fixture
def engine(tmp_path):
    with Engine(tmp_path / "journal.db") as one:
        yield one


def result(engine, workflow, deployment):
    uid = engine.start(workflow, deployment=deployment)
    engine.wait(uid)
    return engine.result(uid)


def test_plugins_of_two_blueprints_do_not_meet(engine, tmp_path):
    """Both are called `plugin`, in one process, at one time; exceptions are each one's own class."""
    one = engine.deployments.create(blueprint(tmp_path / "one", "first"))
    two = engine.deployments.create(blueprint(tmp_path / "two", "second"))
    assert (result(engine, "flow", one), result(engine, "flow", two)) == ("first", "second")
    assert (result(engine, "failing", two), result(engine, "failing", one)) == ("Gone: second", "Gone: first")


def test_the_error_of_an_execution_is_of_the_plugins_class(engine, tmp_path):
    """As it was raised; the journal has the name that its author knows."""
    one = engine.deployments.create(blueprint(tmp_path / "one", "first"))
    uid = engine.start("raising", deployment=one)
    engine.wait(uid)
    with pytest.raises(Exception, match="lost") as caught:
        engine.result(uid)
    assert type(caught.value).__name__ == "Gone"
    assert type(caught.value).__module__.endswith(".plugin.errors")


def test_an_archive_beside_the_blueprint_is_unpacked_once(engine, tmp_path):
    """By its hash, beside the journal; it runs as a folder does."""
    one = engine.deployments.create(blueprint(tmp_path / "one", "zipped", "plugin.zip"))
    assert result(engine, "flow", one) == "zipped"
    (unpacked,) = (tmp_path / "plugins").iterdir()
    before = unpacked.stat().st_ino
    engine.deployments.create(tmp_path / "one" / "blueprint.yaml", "again")
    assert [path.stat().st_ino for path in (tmp_path / "plugins").iterdir()] == [before]
    assert result(engine, "flow", "again") == "zipped"


def test_a_hostile_archive_makes_no_deployment(engine, tmp_path):
    """L11."""
    path = blueprint(tmp_path / "one", "zipped", "plugin.zip")
    with zipfile.ZipFile(tmp_path / "one" / "plugins" / "plugin.zip", "a") as archive:
        archive.writestr("../out.py", "")
    with pytest.raises(InputError, match="outside"):
        engine.deployments.create(path)
    assert engine.journal.deployments() == []


def test_a_journal_in_memory_has_no_place_for_archives(tmp_path):
    """The error says what to do instead."""
    from durable_wf.journal.memory import MemoryJournal

    with Engine(MemoryJournal()) as engine, pytest.raises(InputError, match="in memory"):
        engine.deployments.create(blueprint(tmp_path / "one", "zipped", "plugin.zip"))


def test_changed_code_of_a_plugin_is_a_difference(engine, tmp_path):
    """design.md, "Code": any file of its folder; what Python has compiled counts nothing."""
    one = engine.deployments.create(blueprint(tmp_path / "one", "first"))
    uid = engine.start("flow", deployment=one)
    engine.wait(uid)
    package = tmp_path / "one" / "plugins" / "plugin" / "plugin"
    (package / "__pycache__").mkdir(exist_ok=True)
    (package / "__pycache__" / "more.pyc").write_bytes(b"x")
    assert engine.code_differences(uid) == []
    (package / "names.py").write_text("NAME = 'other'\n")
    assert engine.code_differences(uid) == ["plugin folder plugins/plugin"]


def test_a_plugin_folder_that_leads_outside_is_not_used(engine, tmp_path):
    """reliability.md §2c: by `..` or by a link."""
    outside = blueprint(tmp_path / "outside", "outside").parent / "plugins"
    for name, source in (("up", "../../outside/plugins/plugin"), ("link", "linked")):
        path = tmp_path / name / "blueprint.yaml"
        (tmp_path / name / "plugins").mkdir(parents=True)
        path.write_text(BLUEPRINT % source)
        (tmp_path / name / "plugins" / "linked").symlink_to(outside / "plugin")
        deployment = engine.deployments.create(path, name)
        with pytest.raises(InputError, match="No module named plugin"):
            engine.start("flow", deployment=deployment)
