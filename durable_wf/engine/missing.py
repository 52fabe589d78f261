"""Which functions of a blueprint are not there, told without running any of its plugins' code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from durable_wf.authoring.lookup import Lack, Lookup
from durable_wf.dsl.problems import Problem
from durable_wf.engine.plugins import paths_beside
from durable_wf.sources.archives import is_archive
from durable_wf.sources.files import BUILTIN_TYPES

if TYPE_CHECKING:
    from durable_wf.dsl.compile import Checked
    from durable_wf.dsl.mapping import Mapped

_CODE = "unknown-function"


def missing_functions(source: Path, checked: Checked, imported: Iterable[Path]) -> list[Problem]:
    """A warning for each function that cannot be found, and one for each module that cannot: at its first mapping.

    Where a plugin beside the blueprint is an archive, which running unpacks and this does not, no module is missed.

    source    the blueprint's main file
    imported  folders of the plugin.yaml files that it imports
    """
    beside = [path for plugin in checked.blueprint.plugins.values() for path in paths_beside(source.parent, plugin)]
    folders = [*(path for path in beside if path.is_dir()), *(path.resolve() for path in imported)]
    has_archive = any(path.is_file() and is_archive(path) for path in beside)
    lookup = Lookup(list(dict.fromkeys(map(str, folders))), str(source.parent))
    own = [one for one in checked.mapped if one.place.file != BUILTIN_TYPES]
    lacks = [(one, lack) for one in own if (lack := lookup.lack(one.target.function)) is not None]
    return list(_warnings([(one, lack) for one, lack in lacks if not (has_archive and lack.module)]))


def _warnings(lacks: list[tuple[Mapped, Lack]]) -> Iterator[Problem]:
    """One for each function, or module."""
    by_message: dict[str, list[tuple[Mapped, Lack]]] = {}
    for one, lack in lacks:
        by_message.setdefault(lack.message, []).append((one, lack))
    for message, found in by_message.items():
        first, lack = found[0]
        also = f"; {len(found)} mappings name it" if len(found) > 1 else ""
        yield Problem(_CODE, f"{message}{also}", first.place, first.path, hint=lack.hint)
