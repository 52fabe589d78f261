"""The project itself: its limits, its lock, its scripts, and what the wheel carries."""

import importlib.util
import os
import re
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
LOCK = ROOT / "tools" / "requirements.txt"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUNTIME = [Requirement(line) for line in PYPROJECT["project"]["dependencies"]]
EXTRAS = [Requirement(line) for lines in PYPROJECT["project"]["optional-dependencies"].values() for line in lines]
DEV = [Requirement(line) for line in PYPROJECT["dependency-groups"]["dev"]]


def load_tool(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


check_sizes = load_tool("check_sizes")


def run(*command, **options):
    """Its standard output; the test fails with all that it printed if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def locked_versions():
    """{canonical name: version} of the lock."""
    pairs = re.findall(r"^([\w.-]+)==(\S+) \\$", LOCK.read_text(), re.MULTILINE)
    return {canonicalize_name(name): version for name, version in pairs}


# ------------------------------------------------------------------------------------------------------- check_sizes


@pytest.fixture
def plant(tmp_path):
    """Writes a file into a project of its own and returns the findings there."""

    def plant(path, text, exceptions=None):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return [str(finding) for finding in check_sizes.check(tmp_path, exceptions or {})]

    return plant


def function_of(lines):
    return "def long():\n" + "    pass\n" * (lines - 1)


def test_this_project_is_within_its_limits():
    assert [str(finding) for finding in check_sizes.check(ROOT)] == []


@pytest.mark.parametrize(("folder", "limit"), [("durable_wf", 400), ("tests", 600)])
def test_a_file_may_have_its_limit_of_lines_and_no_more(plant, folder, limit):
    assert plant(f"{folder}/a.py", "x = 1\n" * limit) == []
    assert plant(f"{folder}/a.py", "x = 1\n" * (limit + 1)) == [
        f"{folder}/a.py:1: {limit + 1} lines; a file has at most {limit}"
    ]


def test_a_function_may_have_its_limit_of_lines_and_no_more(plant):
    assert plant("durable_wf/a.py", function_of(50)) == []
    assert plant("durable_wf/a.py", function_of(51)) == [
        "durable_wf/a.py:1: long has 51 lines; a function has at most 50"
    ]


def test_a_method_and_a_nested_function_are_functions_too(plant):
    body = "        pass\n" * 50
    assert plant("durable_wf/a.py", f"class C:\n    async def m(self):\n{body}") == [
        "durable_wf/a.py:2: C.m has 51 lines; a function has at most 50"
    ]


def test_an_exception_excuses_one_function_and_must_be_needed(plant):
    excuse = {"durable_wf/a.py:long": "because"}
    assert plant("durable_wf/a.py", function_of(51), excuse) == []
    (finding,) = plant("durable_wf/a.py", function_of(50), excuse)
    assert finding.endswith("EXCEPTIONS: durable_wf/a.py:long is within its limit")


@pytest.mark.parametrize(
    "code",
    [
        "import time\ntime.sleep(1)\n",
        "import time as t\nt.sleep(1)\n",
        "from time import sleep as rest\nrest(1)\n",
    ],
)
def test_a_test_may_not_sleep_unless_it_is_a_crash_test(plant, code):
    (finding,) = plant("tests/model/test_a.py", code)
    assert finding.startswith("tests/model/test_a.py:2: time.sleep")
    assert plant("tests/crash/test_a.py", code) == [finding], "the crash test adds nothing to the first finding"


@pytest.mark.parametrize(
    "code",
    [
        "import time\nx = time.time()\n",
        "from time import monotonic\nx = monotonic()\n",
        "import time\nx = dict(clock=time.monotonic)\n",
        "import datetime\nx = datetime.datetime.now()\n",
        "from datetime import datetime as dt\nx = dt.now()\n",
    ],
)
def test_only_the_clock_takes_the_time(plant, code):
    (finding,) = plant("durable_wf/a.py", code)
    assert finding.startswith("durable_wf/a.py:2: ")
    assert plant("durable_wf/clock.py", code) == [finding], "the clock adds nothing to the first finding"


def test_a_name_that_only_looks_like_the_clock_is_left_alone(plant):
    assert plant("durable_wf/a.py", "def f(time):\n    return time.time()\n") == []


def test_the_tool_prints_its_findings_and_fails(tmp_path, capsys):
    (tmp_path / "durable_wf").mkdir()
    assert check_sizes.main(["--check", str(tmp_path)]) == 0
    (tmp_path / "durable_wf" / "a.py").write_text(function_of(51))
    assert check_sizes.main([str(tmp_path)]) == 1
    assert "durable_wf/a.py:1: long has 51 lines" in capsys.readouterr().out


# ------------------------------------------------------------------------------------------------- scripts and lock


def test_ci_runs_tools_test_and_nothing_else():
    lines = [line for line in (ROOT / ".ci" / "run").read_text().splitlines() if not line.startswith("#")]
    assert lines == ['cd "$(dirname "${BASH_SOURCE[0]}")/.." && exec tools/test']


@pytest.mark.parametrize("script", [".ci/run", "tools/demo", "tools/lock", "tools/setup", "tools/test"])
def test_scripts_can_be_run_and_parse(script):
    assert os.access(ROOT / script, os.X_OK)
    run("bash", "-n", ROOT / script)


def test_the_lock_holds_hashed_packages_and_nothing_else():
    line = re.compile(r"[\w.-]+==\S+ \\|    --hash=sha256:[0-9a-f]{64}( \\)?|    #( .*)?")
    assert [text for text in LOCK.read_text().splitlines() if not line.fullmatch(text)] == []
    packages = re.split(r"^(?=\w)", LOCK.read_text(), flags=re.MULTILINE)[1:]
    assert [package.split()[0] for package in packages if "--hash" not in package] == []


def test_the_lock_names_no_host_and_no_path():
    assert re.findall(r".*(?:://|/\w+/|--index|--find-links|--trusted-host).*", LOCK.read_text()) == []


@pytest.mark.parametrize("wanted", [*RUNTIME, *EXTRAS, *DEV], ids=str)
def test_the_lock_has_what_pyproject_asks_for(wanted):
    version = locked_versions().get(canonicalize_name(wanted.name))
    assert version, f"{wanted.name} is not in the lock; run tools/lock"
    assert wanted.specifier.contains(version), f"{wanted} does not admit the locked {version}; run tools/lock"


@pytest.mark.parametrize("wanted", [*RUNTIME, *EXTRAS], ids=lambda it: it.name)
def test_a_runtime_dependency_has_a_range(wanted):
    assert {spec.operator for spec in wanted.specifier} == {">=", "<"}


@pytest.mark.parametrize("wanted", [*RUNTIME, *EXTRAS], ids=lambda it: it.name)
def test_a_runtime_dependency_has_its_reason_in_the_readme(wanted):
    """A line or table row that names it and says at least three words more."""
    lines = [line for line in (ROOT / "README.md").read_text().splitlines() if wanted.name in line]
    assert any(len(re.findall(r"[A-Za-z]{2,}", line.replace(wanted.name, ""))) >= 3 for line in lines)


def test_every_ignored_ruff_rule_has_its_reason():
    section = (ROOT / "pyproject.toml").read_text().partition("[tool.ruff.lint]")[2].partition("[tool.mypy]")[0]
    codes = re.findall(r'^    "([A-Z]+\d*)",(.*)$', section, re.MULTILINE)
    assert len(codes) > 20
    assert [code for code, rest in codes if len(rest.partition("#")[2].split()) < 2] == []


# ----------------------------------------------------------------------------------------------------------- the wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from the source distribution, as a release would be."""
    folder = tmp_path_factory.mktemp("dist")
    # Without isolation: hatchling is in the lock, and the build needs no network.
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT)
    (file,) = folder.glob("*.whl")
    return file


def package_files():
    """Paths of all files of the package that are there, as the wheel should name them."""
    files = (path for path in (ROOT / "durable_wf").rglob("*") if path.is_file())
    return {path.relative_to(ROOT).as_posix() for path in files if "__pycache__" not in path.parts}


@pytest.mark.slow
def test_the_wheel_carries_every_file_of_the_package(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert "durable_wf/py.typed" in names
    assert any(name.endswith("types.yaml") for name in names)
    assert package_files() - names == set()


@pytest.mark.slow
def test_the_wheel_carries_the_package_and_nothing_else(wheel):
    assert {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()} == {
        "durable_wf",
        "durable_wf-0.1.0.dist-info",
    }


@pytest.mark.slow
def test_the_wheel_offers_the_extras(wheel):
    metadata = zipfile.ZipFile(wheel).read("durable_wf-0.1.0.dist-info/METADATA").decode()
    offered = re.findall(r"^Provides-Extra: (\S+)$", metadata, re.MULTILINE)
    assert offered == list(PYPROJECT["project"]["optional-dependencies"]) == ["apsw", "keyring"]


@pytest.mark.slow
def test_the_wheel_runs_in_an_empty_environment(wheel, tmp_path):
    """Its declared dependencies, at the locked versions, are all that it needs."""
    pins = [f"{name}=={version}\n" for name, version in locked_versions().items()]
    (constraints := tmp_path / "constraints.txt").write_text("".join(pins))
    venv.create(tmp_path / "venv")
    bin_ = tmp_path / "venv" / "bin"
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "DURABLE_WF"))}
    # Our pip, with its cache of downloads: to give the environment one of its own takes longer than to install.
    pip = [sys.executable, "-m", "pip", "--python", bin_ / "python", "install", "-qq", "--no-compile"]
    run(*pip, "--constraint", constraints, wheel, env=environment)
    environment["HOME"] = str(tmp_path)
    assert "0.1.0" in run(bin_ / "durable-wf", "--version", cwd=tmp_path, env=environment)
