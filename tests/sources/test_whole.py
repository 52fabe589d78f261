"""What is put into its place is on disk before it has its name, and so is its name afterwards."""

import os
from pathlib import Path

import pytest

from durable_wf.errors import StorageError
from durable_wf.sources.archives import unpack
from durable_wf.sources.plugin_store import PluginStore
from durable_wf.sources.secrets import FileStore
from tests.sources.test_archives import zipped


@pytest.fixture
def calls(monkeypatch):
    """The inodes that are synced, and the names that are given, in their order; both are really done."""
    seen = []
    fsync, replace = os.fsync, Path.replace

    def syncing(descriptor):
        seen.append(os.fstat(descriptor).st_ino)
        fsync(descriptor)

    def renaming(self, target):
        seen.append(str(target))
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", syncing)
    monkeypatch.setattr(Path, "replace", renaming)
    return seen


def check(calls, target):
    """All that is in it was synced before the rename, its folder after it."""
    at = calls.index(str(target))
    inside = {target, *target.rglob("*")} if target.is_dir() else {target}
    assert {path.stat().st_ino for path in inside} <= set(calls[:at])
    assert target.parent.stat().st_ino in calls[at:]


def test_an_archive_that_was_unpacked(tmp_path, calls):
    target = tmp_path / "unpacked"
    unpack(zipped(tmp_path / "a.zip", {"plugin.yaml": "plugins: {}", "code/tasks.py": "x = 1"}), target)
    assert (target / "code" / "tasks.py").read_text() == "x = 1"
    check(calls, target)


def test_a_plugin_that_was_installed(tmp_path, calls):
    source = tmp_path / "source"
    source.mkdir()
    about = "{executor: central_deployment_agent, package_name: mine, package_version: '1.0'}"
    (source / "plugin.yaml").write_text(f"plugins: {{mine: {about}}}")
    (source / "tasks.py").write_text("x = 1")
    check(calls, PluginStore(tmp_path / "plugins").install(source).folder)


def test_a_secret_that_was_set(tmp_path, calls):
    store = FileStore(tmp_path / "secrets.json")
    store.set("token", "hush-hush")
    assert store.get("token") == "hush-hush"
    check(calls, store.path)


def test_what_came_there_meanwhile_is_kept(tmp_path):
    """Of two processes that unpack the same archive one is first, and the other says so."""
    archive = zipped(tmp_path / "a.zip", {"tasks.py": "x = 1", "more.py": ""})
    unpack(archive, tmp_path / "target")
    with pytest.raises(StorageError, match="cannot be unpacked into"):
        unpack(archive, tmp_path / "target")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip", "target"]
