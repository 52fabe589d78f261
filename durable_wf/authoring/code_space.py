"""Name spaces for the code of plugins: folders whose modules meet no modules of the same name from elsewhere.

The modules lie in `sys.modules` under a package of the space's own, so that `plugin.tasks` of two blueprints are
two modules. Code in a space imports by the names that it was written with: its `import` looks into the space first.
What the journal keeps has those names too (`public_name`), and is the same in every process.

Python's own modules and those that durable-wf hands on (`cloudify`, …) are never looked for in a space.
"""

from __future__ import annotations

import builtins
import importlib
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from hashlib import sha256
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType
from typing import Any

_PREFIX = "durable_wf_plugins_"
_OURS = frozenset({"durable_wf", "cloudify", "cloudify_rest_client", "script_runner", "dsl_parser"})
_lock = threading.Lock()
_spaces: dict[tuple[str, ...], CodeSpace] = {}
_by_name: dict[str, CodeSpace] = {}
_current: ContextVar[CodeSpace | None] = ContextVar("code_space", default=None)


class CodeSpace:
    """Some folders as one space; made by `space_of`.

    name     of its package
    folders  in which its modules are looked for, in this order
    """

    def __init__(self, folders: tuple[str, ...]) -> None:
        self.folders = folders
        self.name = _PREFIX + sha256("\0".join(folders).encode("utf-8", "surrogateescape")).hexdigest()[:16]
        self.builtins: Mapping[str, Any] = {**vars(builtins), "__import__": self._import}
        self._tops: dict[str, bool] = {}

    def module(self, name: str) -> ModuleType:
        """The module that code in the space knows as `name`; one from elsewhere where the space has none.

        raises  what importing it raises
        """
        return importlib.import_module(f"{self.name}.{name}" if self._has(name) else name)

    def _has(self, name: str) -> bool:
        """Whether the space has the package or module with which a dotted name begins."""
        top = name.partition(".")[0]
        if top not in self._tops:
            self._tops[top] = not is_left_to_python(top) and self._finds(top)
        return self._tops[top]

    def _finds(self, top: str) -> bool:
        found = PathFinder.find_spec(f"{self.name}.{top}", list(self.folders))
        if found is None or found.loader is not None:
            return found is not None
        return PathFinder.find_spec(top) is None  # a folder without code of its own gives way to a real package

    def _import(
        self,
        name: str,
        globals: Mapping[str, object] | None = None,  # noqa: A002 - the name that Python calls it by
        locals: Mapping[str, object] | None = None,  # noqa: A002 - as globals
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        """The `__import__` of code in the space."""
        if level or not self._has(name):
            return builtins.__import__(name, globals, locals, fromlist or (), level)
        if fromlist:
            return builtins.__import__(f"{self.name}.{name}", globals, locals, fromlist, 0)
        importlib.import_module(f"{self.name}.{name}")
        return sys.modules[f"{self.name}.{name.partition('.')[0]}"]


class _Loader(SourceFileLoader):
    """Runs a module with the space's own `import`."""

    space: CodeSpace

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__["__builtins__"] = self.space.builtins
        super().exec_module(module)


class _Finder:
    """Finds the modules of all spaces."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """None for what is in no space."""
        if not name.startswith(_PREFIX) or path is None:
            return None
        found = PathFinder.find_spec(name, path, target)
        space = _by_name.get(name.partition(".")[0])
        if found is not None and space is not None and type(found.loader) is SourceFileLoader:
            loader = _Loader(found.loader.name, found.loader.path)
            loader.space = space
            found.loader = loader
        return found


def is_left_to_python(top: str) -> bool:
    """Whether a package or module of that name is never looked for in a space."""
    return top in _OURS or top in sys.stdlib_module_names


def space_of(folders: Sequence[str]) -> CodeSpace | None:
    """The space of some folders, the same one for the same folders; None for none."""
    key = tuple(folders)
    if not key:
        return None
    with _lock:
        if _Finder not in sys.meta_path:
            sys.meta_path.insert(0, _Finder)
        if key not in _spaces:
            space = CodeSpace(key)
            package = ModuleType(space.name)
            package.__path__ = list(key)
            sys.modules[space.name] = package
            _by_name[space.name] = _spaces[key] = space
        return _spaces[key]


@contextmanager
def using(space: CodeSpace | None) -> Iterator[None]:
    """Functions and classes are looked for in `space` by this thread, within."""
    token = _current.set(space)
    try:
        yield
    finally:
        _current.reset(token)


def current_space() -> CodeSpace | None:
    """The space that this thread uses."""
    return _current.get()


def import_module(name: str) -> ModuleType:
    """The module of that name, as code in this thread's space knows it.

    raises  what importing it raises
    """
    space = _current.get()
    return importlib.import_module(name) if space is None else space.module(name)


def public_name(module: str) -> str:
    """A module's name as code in its space knows it."""
    return module.partition(".")[2] if module.startswith(_PREFIX) else module
