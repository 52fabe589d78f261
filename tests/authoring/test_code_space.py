"""Folders of plugins as name spaces: modules of the same name do not meet. Source: issue 5, "Plugins"."""

import sys

import pytest

from durable_wf.authoring import recorded
from durable_wf.authoring.code_space import import_module, public_name, space_of, using
from durable_wf.authoring.functions import FunctionError, find, path_of


def write(folder, **files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        path = folder / (name.replace("__", "/", 1) + ".py")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return str(folder)


def plugin(folder, name):
    package = folder / "plugin"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "errors.py").write_text("class Gone(Exception):\n    pass\n")
    (package / "helpers.py").write_text(f"NAME = {name!r}\n")
    (package / "tasks.py").write_text(
        "import json\nimport plugin.helpers\nimport plugin.helpers as again\nfrom plugin import helpers\n"
        "from plugin.helpers import NAME\nfrom . import helpers as beside\nfrom .errors import Gone\n\n"
        "def who(**_):\n    import plugin.helpers as late\n"
        "    assert late is again is helpers is beside is plugin.helpers\n    return NAME\n\n"
        "def fail(**_):\n    raise Gone(NAME)\n"
    )
    return space_of([str(folder)])


def test_two_plugins_of_one_name_do_not_meet(tmp_path):
    """Each finds its own modules, however it imports them, at once or later."""
    one, two = plugin(tmp_path / "a", "one"), plugin(tmp_path / "b", "two")
    with using(one):
        first = find("plugin.tasks.who")
    with using(two):
        second = find("plugin.tasks.who")
    assert (first(), second()) == ("one", "two")
    assert "plugin" not in sys.modules
    with pytest.raises(FunctionError, match="No module named plugin "):
        find("plugin.tasks.who")


def test_the_same_folders_are_one_space(tmp_path):
    """So that what one execution has loaded is what the next one sees."""
    space = plugin(tmp_path / "a", "one")
    assert space_of([str(tmp_path / "a")]) is space
    assert space_of([]) is None
    with using(space):
        assert find("plugin.tasks:who") is find("plugin.tasks.who")


def test_functions_are_recorded_by_the_names_that_their_author_knows(tmp_path):
    """A path in the journal is the same in every process, and leads back."""
    with using(plugin(tmp_path / "a", "one")):
        function = find("plugin.tasks.who")
        assert path_of(function) == "plugin.tasks:who"
        assert find(path_of(function)) is function
    assert public_name(function.__module__) == "plugin.tasks"
    assert public_name("plugin.tasks") == "plugin.tasks"


def test_exceptions_of_a_plugin_come_back_as_their_class(tmp_path):
    """The journal has `plugin.errors:Gone`; in the space it is that class again, elsewhere a stand-in."""
    space = plugin(tmp_path / "a", "one")
    with using(space):
        fail = find("plugin.tasks.fail")
    with pytest.raises(Exception, match="one") as caught:
        fail()
    record = recorded.to_record(caught.value)
    assert record["type"] == "plugin.errors:Gone"
    with using(space):
        assert type(recorded.from_record(record, ())) is type(caught.value)
    assert isinstance(recorded.from_record(record, ()), recorded.RecordedError)


def test_python_and_our_own_names_cannot_be_replaced_by_a_plugin(tmp_path):
    """A file `json.py` or a package `cloudify` in a plugin's folder is not what `import` finds."""
    folder = write(tmp_path, json="x = 1", cloudify__decorators="operation = None", own="import json")
    with using(space_of([folder])):
        assert import_module("json").loads("1") == 1
        assert import_module("own").json.loads("1") == 1
        with pytest.raises(ModuleNotFoundError):
            import_module("cloudify.no_such_module")


def test_a_folder_without_code_does_not_hide_an_installed_package(tmp_path):
    """`yaml/` with data in it is no package; one without `__init__.py` that nobody else has is."""
    (tmp_path / "yaml").mkdir()
    folder = write(tmp_path, spaced__inner="value = 5")
    with using(space_of([folder])):
        assert import_module("yaml").safe_load("5") == 5
        assert import_module("spaced.inner").value == 5


def test_the_first_folder_wins(tmp_path):
    """Folders are searched in their order."""
    one, two = write(tmp_path / "1", name="value = 1"), write(tmp_path / "2", name="value = 2", other="value = 3")
    with using(space_of([one, two])):
        assert (import_module("name").value, import_module("other").value) == (1, 3)


def test_a_module_that_fails_says_so(tmp_path):
    """Importing runs the plugin's code; a name that it misses is named as it wrote it."""
    with using(space_of([write(tmp_path, bad="import nobody_has_this", worse="1 / 0", good="")])):
        with pytest.raises(FunctionError, match="nobody_has_this"):
            find("bad.go")
        with pytest.raises(FunctionError, match="ZeroDivisionError"):
            find("worse.go")
        with pytest.raises(FunctionError, match=r"No module named good\.inner"):
            find("good.inner.go")


def test_a_pickled_class_of_a_space_is_found_again(tmp_path):
    """Its module is in sys.modules under the name that the class says it is of."""
    import pickle

    with using(space_of([write(tmp_path, shapes="class A:\n    pass\n")])):
        kind = import_module("shapes").A
    assert type(pickle.loads(pickle.dumps(kind()))) is kind  # noqa: S301 - our own bytes
