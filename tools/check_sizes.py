"""Fails where a file or function is too long, a test sleeps, or a module takes the time by itself.

The limits are those of the design: a reader should hold a file in the head, and a function on a screen. Complexity is
ruff's matter (C901). What may exceed a limit stands in `EXCEPTIONS` with its reason; an entry that is no longer
needed is an error too, so the table cannot rot.

    tools/check_sizes.py [--check] [ROOT]

ROOT is the project's folder. `--check` is what this tool always does; it is taken because every tool takes it.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

FILE_LINES = {"durable_wf": 400, "tests": 600}
FUNCTION_LINES = 50

# "path" for a file, "path:qualified.name" for a function; the value says why it may be longer.
EXCEPTIONS: Mapping[str, str] = {}

# L9 and the simulation need every instant to come from a Clock, which only this file makes.
CLOCK = "durable_wf/clock.py"
TIME_CALLS = frozenset({
    "time.time", "time.time_ns", "time.monotonic", "time.monotonic_ns", "time.perf_counter", "time.perf_counter_ns",
    "time.clock_gettime", "time.clock_gettime_ns", "time.gmtime", "time.localtime",
    "datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today",
})  # fmt: skip

# The crash harness waits for processes that it killed; every other test uses a ManualClock or a lock.
MAY_SLEEP = "tests/crash/"
# An example is a user's folder: its operations may wait for their servers as a user's would.
MAY_TAKE_TIME = (CLOCK, "durable_wf/examples/")


@dataclass(frozen=True, slots=True)
class Finding:
    """One violation.

    key   what `EXCEPTIONS` would call it; empty where no exception is possible
    line  where it begins
    """

    path: str
    line: int
    message: str
    key: str = ""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


def imported_names(tree: ast.AST) -> dict[str, str]:
    """What each imported name stands for: {"dt": "datetime.datetime"} for `from datetime import datetime as dt`."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                bound = alias.asname or alias.name.partition(".")[0]
                names[bound] = alias.name if alias.asname else bound
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return names


def dotted(node: ast.expr, names: Mapping[str, str]) -> str:
    """`a.b.c` with its first name resolved by `names`; empty for anything that does not begin with an import."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in names:
        return ""
    return ".".join([names[node.id], *reversed(parts)])


def functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Every function with its qualified name, nested ones too."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + node.name, node
            yield from functions(node, f"{prefix}{node.name}.")
        elif isinstance(node, ast.ClassDef):
            yield from functions(node, f"{prefix}{node.name}.")
        else:
            yield from functions(node, prefix)


def check_lengths(path: str, text: str, tree: ast.AST) -> Iterator[Finding]:
    """The file and each function against its limit; a function's decorators do not count, its docstring does."""
    lines, limit = len(text.splitlines()), FILE_LINES[path.partition("/")[0]]
    if lines > limit:
        yield Finding(path, 1, f"{lines} lines; a file has at most {limit}", path)
    for name, node in functions(tree):
        length = (node.end_lineno or node.lineno) - node.lineno + 1
        if length > FUNCTION_LINES:
            message = f"{name} has {length} lines; a function has at most {FUNCTION_LINES}"
            yield Finding(path, node.lineno, message, f"{path}:{name}")


def check_time(path: str, tree: ast.AST) -> Iterator[Finding]:
    """Sleeps in tests, and times taken anywhere but in the clock.

    A mention counts, not only a call: it may be handed on.
    """
    names = imported_names(tree)
    is_test = path.startswith("tests/")
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute | ast.Name) or not isinstance(node.ctx, ast.Load):
            continue
        name = dotted(node, names)
        if is_test and name == "time.sleep" and not path.startswith(MAY_SLEEP):
            yield Finding(path, node.lineno, "time.sleep in a test; advance a clock or wait for an event")
        if not is_test and name in TIME_CALLS and not path.startswith(MAY_TAKE_TIME):
            yield Finding(path, node.lineno, f"{name}; only {CLOCK} takes the time, others are given a Clock")


def check(root: Path, exceptions: Mapping[str, str] = EXCEPTIONS) -> list[Finding]:
    """All findings under `root`, by path and line.

    What `exceptions` excuses is left out; an entry that excuses nothing is a finding of its own.
    """
    found: list[Finding] = []
    for folder in FILE_LINES:
        for file in sorted((root / folder).rglob("*.py")):
            path, text = file.relative_to(root).as_posix(), file.read_text(encoding="utf-8")
            try:
                tree = ast.parse(text, filename=path)
            except SyntaxError as error:
                found.append(Finding(path, error.lineno or 1, f"not Python: {error.msg}", path))
                continue
            found += sorted([*check_lengths(path, text, tree), *check_time(path, tree)], key=lambda it: it.line)
    needed = {finding.key for finding in found if finding.key}
    stale = [f"EXCEPTIONS: {key} is within its limit" for key in sorted(exceptions.keys() - needed)]
    kept = [finding for finding in found if finding.key not in exceptions]
    return kept + [Finding("tools/check_sizes.py", 1, message) for message in stale]


def main(arguments: list[str] | None = None) -> int:
    """Print the findings; 1 if there are any."""
    parser = argparse.ArgumentParser(description="Limits on sizes, sleeps and clocks.")
    parser.add_argument("root", nargs="?", type=Path, default=Path(__file__).parent.parent)
    parser.add_argument("--check", action="store_true", help="the default")
    found = check(parser.parse_args(arguments).root)
    for finding in found:
        print(finding)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
