"""Where settings come from, and what is said of those that do not fit."""

import os
import subprocess
from pathlib import Path

import pytest

from durable_wf.cli.config import SETTINGS, ConfigError, NoHomeError, read_config
from durable_wf.journal import sqlite
from tests.cli.kit import COMMAND, FLOWS


@pytest.fixture
def read(tmp_path, monkeypatch):
    """The settings of a call in a project below tmp_path."""
    project = tmp_path / "project" / "sub"
    project.mkdir(parents=True)
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    def read(flags=None, cwd=project, **environ):
        monkeypatch.setattr(os, "environ", {**os.environ, **environ})
        return read_config(flags or {}, {"HOME": str(tmp_path / "home"), **environ}, cwd)

    return read


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_defaults(read, tmp_path):
    config = read()
    assert config.journal == tmp_path / "home" / ".local" / "share" / "durable-wf" / "journal.db"
    assert (config["durability"], config["max_operations"], config["lock_timeout"]) == ("power", 8, 30.0)
    assert {one.place for one in config.origins.values()} == {"default"}


def test_flag_before_variable_before_project_before_user_before_default(read, tmp_path):
    user = write(tmp_path / "home" / ".config" / "durable-wf" / "config.toml", 'journal = "u.db"\nmax_operations = 2\n')
    assert read()["max_operations"] == 2
    assert read().journal == user.parent / "u.db"
    project = write(tmp_path / "project" / "durable-wf.toml", 'journal = "p.db"\ndurability = "process"\n')
    found = read()
    assert found.journal == project.parent / "p.db", "relative to the file, found upwards"
    assert found.origins["journal"].place == str(project)
    assert found.origins["max_operations"].place == str(user)
    found = read(DURABLE_WF_JOURNAL="e.db", DURABLE_WF_DURABILITY="power")
    assert found.journal == tmp_path / "project" / "sub" / "e.db"
    assert found.origins["journal"].place == "DURABLE_WF_JOURNAL"
    assert found["durability"] == "power"
    found = read({"journal": Path("f.db")}, DURABLE_WF_JOURNAL="e.db")
    assert found.journal == tmp_path / "project" / "sub" / "f.db"
    assert found.origins["journal"].place == "--journal"


def test_a_named_file_is_used_instead_of_the_projects(read, tmp_path):
    write(tmp_path / "project" / "durable-wf.toml", "max_operations = 3\n")
    other = write(tmp_path / "other.toml", "lock_timeout = 1\n")
    for found in (read({"config": other}), read(DURABLE_WF_CONFIG=str(other))):
        assert (found["max_operations"], found["lock_timeout"]) == (8, 1.0)
    with pytest.raises(ConfigError, match="there is no configuration file"):
        read({"config": Path("nowhere.toml")})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("journal = ", "not TOML"),
        ("jurnal = 'x'", "there is no setting 'jurnal'"),
        ("durability = 'never'", "'durability' is 'never'; expected power or process"),
        ("max_operations = 0", "expected a whole number of at least 1"),
        ("max_operations = 1.5", "expected a whole number"),
        ("max_operations = true", "expected a whole number"),
        ("lock_timeout = 'long'", "expected a number of at least 0"),
        ("lock_timeout = inf", "expected a number"),
        ("progress = 1", "expected true or false"),
        ("journal = 3", "expected a path"),
    ],
)
def test_a_setting_that_does_not_fit_is_named_with_its_place(read, tmp_path, text, message):
    path = write(tmp_path / "project" / "durable-wf.toml", text)
    with pytest.raises(ConfigError, match=message) as caught:
        read()
    assert str(path) in caught.value.message


@pytest.mark.parametrize(
    ("variable", "text"),
    [("MAX_OPERATIONS", "many"), ("PROGRESS", "perhaps"), ("COLOR", "pink"), ("LOCK_TIMEOUT", "-1")],
)
def test_a_variable_that_does_not_fit_is_named(read, variable, text):
    with pytest.raises(ConfigError, match=f"DURABLE_WF_{variable}: .* is '{text}'; expected"):
        read(**{f"DURABLE_WF_{variable}": text})


@pytest.mark.parametrize(("text", "value"), [("yes", True), ("0", False), ("FALSE", False), ("", True)])
def test_switches_are_read_from_words(read, text, value):
    assert read(DURABLE_WF_PROGRESS=text)["progress"] is value


def test_without_a_home_there_is_a_clear_error(program):
    program.environ = {
        key: value for key, value in program.environ.items() if key not in ("HOME", "DURABLE_WF_JOURNAL")
    }
    for arguments in (["list"], ["run", f"{FLOWS}:nothing"]):
        said = program(*arguments, code=NoHomeError.exit_code).stderr
        assert "there is no home directory" in said
        assert "DURABLE_WF_JOURNAL" in said
        assert "[no-home]" in said
    program("--version")
    program("explain", "no-home")
    assert "there is no home directory" in program("config", "show").stdout
    program("list", "--journal", "here.db")


def test_a_home_that_cannot_be_written_ends_with_10(program):
    program.environ = {key: value for key, value in program.environ.items() if key != "DURABLE_WF_JOURNAL"}
    program.environ["HOME"] = "/proc/self"
    said = program("run", f"{FLOWS}:nothing", code=10).stderr
    assert "no journal can be made at /proc/self/.local/share/durable-wf/journal.db" in said
    assert "[storage]" in said


def test_a_working_directory_that_is_gone_is_no_reason_to_fail(program, tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    script = 'cd "$0" && rmdir "$0" && exec "$@"'
    for arguments, code in ((["list"], 0), (["list", "--journal", "here.db"], 10), (["config", "show"], 0)):
        gone.mkdir(exist_ok=True)
        done = subprocess.run(
            ["sh", "-c", script, gone, COMMAND, *arguments],
            env=program.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr


def test_show_tells_origins(inside, tmp_path):
    (tmp_path / "durable-wf.toml").write_text('durability = "process"\n')
    found = {one["name"]: one for one in inside.json("config", "show", "--origin")["items"]}
    assert set(found) == {one.name for one in SETTINGS}
    assert found["durability"]["origin"] == str(tmp_path / "durable-wf.toml")
    assert found["journal"]["origin"] == "DURABLE_WF_JOURNAL"
    assert found["journal"]["value"] == str(inside.journal)
    text = inside("config", "show", "--origin", "--lock-timeout", "5").stdout
    assert "lock_timeout       5.0" in text
    assert "--lock-timeout" in text
    assert "ORIGIN" not in inside("config", "show").stdout


def test_the_durability_that_is_set_is_used(inside, monkeypatch):
    opened = []
    real = sqlite.open_journal
    monkeypatch.setattr(sqlite, "open_journal", lambda path, **options: opened.append(options) or real(path, **options))
    inside("run", f"{FLOWS}:nothing", DURABLE_WF_DURABILITY="process", DURABLE_WF_MAX_OPERATIONS="3")
    inside("run", f"{FLOWS}:nothing", "--unsafe-network-fs")
    assert [one["durability"] for one in opened] == ["process", "power"]
    assert [one["unsafe_network_fs"] for one in opened] == [False, True]
    assert [one["lock_timeout"] for one in opened] == [None, None], "a runner waits for ever"
