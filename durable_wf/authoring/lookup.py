"""Whether a function exists, told from its module's source: no code of a plugin is run, not even by importing it.

What cannot be told so is not said to be missing: modules that are no Python source, `from x import *`, a module's own
`__getattr__`, and code that writes into its own names.
"""

from __future__ import annotations

import ast
import sys
import warnings
from collections.abc import Iterator, Sequence
from enum import Enum
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from typing import NamedTuple, TypeAlias

from durable_wf.authoring.code_space import is_left_to_python
from durable_wf.authoring.not_built import why_not
from durable_wf.dsl.likeness import Likeness

_LARGEST = 2_000_000  # bytes of a module that is looked into
_CUTOFF = 0.6
_WRITERS = frozenset({"globals", "locals", "vars", "exec", "eval", "setattr", "__dict__", "modules", "__path__"})


class Lack(NamedTuple):
    """That a function is not there.

    module   that cannot be found or read; None where only the function is missing
    message  one sentence without its full stop
    """

    module: str | None
    message: str
    hint: str | None = None


class _Answer(Enum):
    """Why there is no module to look into."""

    MISSING = "missing"
    UNCLEAR = "unclear"


_Found: TypeAlias = "ModuleSpec | _Answer"


class Lookup:
    """Looks for functions as running them would (`functions.find`).

    folders  of plugins, which are a name space of their own
    last     the blueprint's folder, which is looked into last
    """

    def __init__(self, folders: Sequence[str], last: str) -> None:
        self._folders = list(folders)
        self._last = last
        self._specs: dict[str, _Found] = {}
        self._names: dict[str, frozenset[str] | Lack | None] = {}
        self._likeness = Likeness()

    def lack(self, path: str) -> Lack | None:
        """What is missing of a function; None where nothing is, or where that cannot be told.

        path  `module:name` or `module.name`
        """
        module, separator, name = path.partition(":")
        if not separator:
            module, _, name = path.rpartition(".")
        if why_not(path) is not None:
            return None
        if not module or not name:
            hint = "write plugin.module.function"
            return Lack(None, f"'{path}' is a function without the module that it is in", hint)
        spec = self._spec(module)
        if spec is _Answer.MISSING:
            hint = "is the plugin beside the blueprint, or installed?"
            return Lack(module, f"there is no module '{module}'", hint)
        return self._lack_in(spec, module, name.partition(".")[0]) if isinstance(spec, ModuleSpec) else None

    def _lack_in(self, spec: ModuleSpec, module: str, name: str) -> Lack | None:
        if module not in self._names:
            self._names[module] = _names_of(spec, module)
        names = self._names[module]
        if names is None or isinstance(names, Lack):
            return names
        if name in names or self._has_module(spec, name):
            return None
        near = self._likeness.find(name, sorted(names), _CUTOFF)
        hint = f"did you mean '{near}'?" if near else None
        return Lack(None, f"the module '{module}' has no function '{name}'", hint)

    def _has_module(self, spec: ModuleSpec, name: str) -> bool:
        """Whether a package has a module of that name: that is no function, but another mistake."""
        locations = spec.submodule_search_locations
        return locations is not None and PathFinder.find_spec(name, list(locations)) is not None

    def _spec(self, name: str) -> _Found:
        if name not in self._specs:
            parent, _, last = name.rpartition(".")
            try:
                self._specs[name] = self._inner(parent, last) if parent else self._top(last)
            except Exception:  # noqa: BLE001 - finders of others may raise anything; that is no answer
                self._specs[name] = _Answer.UNCLEAR
        return self._specs[name]

    def _top(self, name: str) -> _Found:
        """Where a package or module that is in no other lies; in this order (`code_space`)."""
        own = PathFinder.find_spec(name, self._folders) if not is_left_to_python(name) else None
        if own is not None and own.loader is not None:
            return own
        for finder in sys.meta_path:
            path = [*sys.path, self._last] if finder is PathFinder else None
            found = finder.find_spec(name, path)
            if found is not None:
                return found
        return own or _Answer.MISSING

    def _inner(self, parent: str, name: str) -> _Found:
        package = self._spec(parent)
        if not isinstance(package, ModuleSpec):
            return package
        locations = package.submodule_search_locations
        found = PathFinder.find_spec(name, list(locations)) if locations is not None else None
        if found is not None:
            return found
        return _Answer.MISSING if _is_plain(package) else _Answer.UNCLEAR


def _is_plain(package: ModuleSpec) -> bool:
    """Whether a package is what its files are: it does not make modules, or paths to them, by its code."""
    return package.loader is None or _names_of(package, package.name) is not None


def _names_of(spec: ModuleSpec, module: str) -> frozenset[str] | Lack | None:
    """The names that a module binds; None where its source does not tell."""
    if spec.loader is None:
        return frozenset()  # a folder without code
    if type(spec.loader) is not SourceFileLoader:
        return None
    try:
        data = Path(spec.loader.path).read_bytes()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what is odd in somebody else's code
            tree = ast.parse(data if len(data) <= _LARGEST else b"")
    except SyntaxError as error:
        where = f"line {error.lineno}: " if error.lineno else ""
        return Lack(module, f"the module '{module}' cannot be imported: {where}{error.msg}")
    except (OSError, ValueError, RecursionError, MemoryError):
        return None
    if len(data) > _LARGEST or any(map(_is_unclear, ast.walk(tree))):
        return None
    return frozenset(_bound(tree))


def _is_unclear(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.names[0].name == "*"
    if isinstance(node, ast.FunctionDef):
        return node.name == "__getattr__"
    word = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return word in _WRITERS


def _bound(tree: ast.Module) -> Iterator[str]:
    """Names that a module's own statements may bind, and those that its functions declare global."""
    left: list[ast.AST] = list(tree.body)
    while left:
        node = left.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
            yield from (name for part in ast.walk(node) if isinstance(part, ast.Global) for name in part.names)
            continue
        if isinstance(node, ast.alias):
            yield node.asname or node.name.partition(".")[0]
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.MatchAs | ast.MatchStar) and node.name:
            yield node.name
        left.extend(ast.iter_child_nodes(node))
