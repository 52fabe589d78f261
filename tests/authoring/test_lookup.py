"""Functions are looked for in the source of modules; nothing is run."""

import sys
from textwrap import dedent

import pytest

from durable_wf.authoring.code_space import space_of, using
from durable_wf.authoring.functions import FunctionError, find, forget
from durable_wf.authoring.lookup import Lookup

FIRE = "raise SystemExit('this module was run')\n"


@pytest.fixture
def folder(tmp_path):
    """A folder of plugins."""
    (tmp_path / "plugins").mkdir()
    return tmp_path / "plugins"


@pytest.fixture
def look(tmp_path, folder):
    """What is missing of a function: None, or the sentence."""

    def lack(path):
        found = Lookup([str(folder)], str(tmp_path)).lack(path)
        return found and found.message

    return lack


def write(folder, name, text=""):
    """A module that may not be run."""
    path = folder / f"{name}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(FIRE + dedent(text))


BOUND = """
import os.path
import json as encoder
from re import match, sub as replace
def plain(): pass
async def waiting(): pass
class Kind:
    inner = 1
    def method(self): pass
first, (second, *third) = 1, (2, 3)
typed: int = 4
try:
    import fast
except ImportError as error:
    fast = None
if True:
    def inside():
        global made
        made = local = 1
for index in range(3):
    with open(__file__) as handle:
        (walrus := 5)
match first:
    case {"a": captured}: pass
"""


def test_all_that_a_module_binds_is_there(look, folder):
    """However it is bound: def, class, assignment, import, and `global` in a function."""
    write(folder, "mod", BOUND)
    names = "os encoder match replace plain waiting Kind first second third typed fast inside made index handle walrus"
    for name in [*names.split(), "captured"]:
        assert look(f"mod.{name}") is None
        assert look(f"mod:{name}") is None
    assert look("mod:Kind.method") is None


def test_what_it_does_not_bind_is_missing(look, folder, tmp_path):
    """Names of a function, of a class, and those that are nowhere; with the name that is near."""
    write(folder, "mod", BOUND)
    for name in ("local", "inner", "method", "sub", "path", "json", "nothing"):
        assert look(f"mod.{name}") == f"the module 'mod' has no function '{name}'"
    assert Lookup([str(folder)], str(tmp_path)).lack("mod.plian").hint == "did you mean 'plain'?"


@pytest.mark.parametrize(
    "text",
    [
        "from os.path import *",
        "def __getattr__(name): return print",
        "globals()['made'] = print",
        "def fill(): setattr(here, 'made', print)",
        "import sys\nsys.modules[__name__] = object()",
        "exec('made = 1')",
    ],
)
def test_where_it_cannot_be_told_nothing_is_said(look, folder, text):
    """A module may bind names by code, which is not run here."""
    write(folder, "mod", text)
    assert look("mod.made") is None


def test_modules_without_python_source_are_left_alone(look, folder):
    """Those in C, those of Python itself, and sources that are too large."""
    (folder / "large.py").write_text("#" * 2_000_001)
    assert [look(name) for name in ("math.no", "sys.no", "apsw.no", "_sqlite3.no", "large.no")] == [None] * 5


def test_a_module_that_is_not_there(look, folder, tmp_path):
    """Nor in folders of plugins, nor beside the blueprint, nor installed; packages are not imported on the way."""
    write(folder, "pack/__init__")
    write(folder, "pack/tasks", "def run(): pass")
    write(tmp_path, "beside", "def run(): pass")
    (folder / "spaces" / "inner").mkdir(parents=True)
    write(folder, "spaces/inner/tasks", "def run(): pass")
    for path in ("pack.tasks.run", "beside.run", "spaces.inner.tasks.run", "pack.tasks", "json.tool.main", "yaml.load"):
        assert look(path) is None
    assert look("pack.task.run") == "there is no module 'pack.task'"
    assert look("pack.tasks.deeper.run") == "there is no module 'pack.tasks.deeper'"
    assert look("besides.run") == "there is no module 'besides'"
    assert look("spaces.outer.run") == "there is no module 'spaces.outer'"
    assert look("spaces.run") == "the module 'spaces' has no function 'run'"


def test_a_package_that_makes_its_modules_may_have_any(look, folder):
    """By its path, or by what it puts among the modules."""
    write(folder, "pack/__init__", "__path__.append('elsewhere')")
    assert look("pack.other.run") is None


def test_a_module_that_python_cannot_read(look, folder):
    """Importing it would fail in the same line; of what is no text there is no line to name."""
    write(folder, "mod", "def run(:\n")
    assert look("mod.run").startswith("the module 'mod' cannot be imported: line 2: ")
    (folder / "binary.py").write_bytes(b"a\0b")
    assert "None" not in (look("binary.run") or "")  # some versions of Python say so otherwise; then nothing is said


def test_odd_code_of_others_is_not_warned_of(look, folder):
    """Python's own warnings about a module's source are for its author."""
    write(folder, "mod", "text = '\\d'\ndef run(): assert (1, 'x')\n")
    assert look("mod.run") is None


def test_a_function_without_a_module(look):
    """The older system takes plugin.module.function; a bare name is refused when it runs."""
    assert look("run") == "'run' is a function without the module that it is in"
    assert look(".run") == "'.run' is a function without the module that it is in"


def test_what_is_known_not_to_be_built_is_told_elsewhere(look):
    """`validate` says which workflows cannot be run yet."""
    assert look("cloudify.plugins.workflows.install") is None


def test_running_agrees(look, folder, tmp_path, monkeypatch):
    """What is said to be missing cannot be run, and what is not can."""
    monkeypatch.syspath_prepend(str(tmp_path))
    (folder / "agreed.py").write_text("def there(**_): pass\n")
    (folder / "json.py").write_text("def hidden(): pass\n")
    with using(space_of([str(folder)])):
        forget()
        for path in ("agreed.there", "agreed:there", "json.dumps"):
            assert look(path) is None
            assert callable(find(path))
        for path in ("agreed.not_there", "disagreed.there", "agreed", "json.hidden"):
            assert look(path) is not None
            with pytest.raises(FunctionError):
                find(path)
    assert "agreed" not in sys.modules
