"""The folder of installed plugins: `NAME/VERSION/` with a plugin.yaml and the plugin's code. Source: cli.md, `plugins`.

What is installed never changes: another content is another version. Nothing of it is run, and nothing else is
installed: what the plugin's code imports has to be in this Python.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from durable_wf.errors import InputError, StorageError, UsageError
from durable_wf.sources.archives import Limits, is_archive, tree_hash, unpack
from durable_wf.sources.catalogue import PLUGIN_NAME, Catalogue, PluginFolder, declared_in, version_in
from durable_wf.sources.versions import read_version
from durable_wf.sources.whole import put

if TYPE_CHECKING:
    from collections.abc import Iterator


class PluginError(InputError):
    """A plugin cannot be installed as it is."""

    code = "bad-plugin"
    explanation = (
        "`durable-wf plugins install` takes a folder or an archive (zip, tar.gz, wagon) with a plugin.yaml that names "
        "the plugin's package_name and package_version; links in it must not lead outside."
    )


class PluginStore:
    """Installs plugins into a folder.

    folder  made when it is needed
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.catalogue = Catalogue([folder], installed=False)

    def install(self, source: Path, yaml: Path | None = None) -> PluginFolder:
        """Copy or unpack a plugin. One that is there already with the same content is left as it is.

        yaml    its plugin.yaml, where it has none itself, as is usual for wagons
        raises  PluginError, ArchiveError, UsageError for another content of an installed version, StorageError
        """
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _work(self.folder) as work:
                made = _copied(source, work / "plugin")
                if yaml is not None:
                    shutil.copyfile(yaml, made / "plugin.yaml")
                name, version = _identity(made, source)
                target = self.folder / name / version
                if target.exists():
                    _check_same(made, target, f"{name} {version}")
                else:
                    target.parent.mkdir(mode=0o700, exist_ok=True)
                    put(made, target)
        except OSError as error:
            raise StorageError(f"{source} cannot be installed in {self.folder}: {error.strerror or error}") from error
        return PluginFolder(name, version, target, str(self.folder))


@contextmanager
def _work(folder: Path) -> Iterator[Path]:
    """A folder beside the target, so that the last step is one rename."""
    with tempfile.TemporaryDirectory(prefix=".installing-", dir=folder) as work:
        yield Path(work)


def _copied(source: Path, target: Path) -> Path:
    if source.is_dir():
        _check_tree(source)
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", ".git"))
    elif source.is_file() and is_archive(source):
        unpack(source, target)
    elif source.is_file():
        raise PluginError(f"{source} is no archive", hint="a folder, a zip, a tar.gz or a wagon can be installed")
    else:
        raise PluginError(f"there is no {source}")
    return target


def _check_tree(folder: Path) -> None:
    """Refuse a folder with links, or one that is larger than an archive may be."""
    limits = Limits()
    size = 0
    for members, path in enumerate(folder.rglob("*"), start=1):
        if path.is_symlink():
            raise PluginError(f"{path} is a link", hint="put what it leads to into its place")
        size += path.stat().st_size if path.is_file() else 0
        if size > limits.bytes or members > limits.members:
            text = f"{folder} has more than {limits.members} files, or {limits.bytes} bytes"
            raise PluginError(text, hint="name the plugin's own folder")


def _identity(folder: Path, source: Path) -> tuple[str, str]:
    """Name and version, as the plugin.yaml says them."""
    if not list(folder.glob("*.yaml")):
        raise PluginError(f"{source} has no plugin.yaml", hint="name one with --yaml FILE")
    name, version = declared_in(folder, "package_name"), version_in(folder)
    if name is None or version is None:
        missing = "package_name" if name is None else "package_version"
        raise PluginError(f"the plugin.yaml of {source} says no {missing}", hint="blueprints ask for it by that")
    if not PLUGIN_NAME.fullmatch(name) or read_version(version) is None or "/" in version:
        raise PluginError(f"'{name}' with the version '{version}' cannot be a plugin's name and version")
    return name, version


def _check_same(new: Path, old: Path, shown: str) -> None:
    if tree_hash(new) != tree_hash(old):
        text = f"the plugin {shown} is installed already, with another content"
        raise UsageError(text, hint=f"raise its package_version, or delete {old} if no deployment needs it")
