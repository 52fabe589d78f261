"""Replay: what the function asks for is matched against what the journal remembers.

Rows with equal arguments are matched first; a difference of arguments alone is reported, and the journal's
request is the one used. What has no match on either side is shown in two columns.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from durable_wf.codec import decode, encode
from durable_wf.graph.state import SUPERSEDED
from durable_wf.model.events import Executes, Raised, Returned
from durable_wf.model.rows import Kind

if TYPE_CHECKING:
    from durable_wf.graph.state import Run, TaskState
    from durable_wf.model.events import FromFunction, Spec

Key = tuple[int | None, int | None, int, str, str]


class Replay:
    """The journal's tasks that the function has not asked for yet.

    fresh     what it asked for beyond the history, in order; written when the replay ends
    warnings  differences of arguments
    missing   edges and graphs that differ, as lines (journal says, code does)
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._left: dict[Key, deque[TaskState]] = {}
        self._unmatched: dict[int, TaskState] = {}
        for task in run.tasks.values():
            if task.state != SUPERSEDED:
                key = (task.graph, task.parent, task.kind, task.name, task.target)
                self._left.setdefault(key, deque()).append(task)
                self._unmatched[task.no] = task
        self.fresh: list[Spec] = []
        self.warnings: list[str] = []
        self.differences: list[tuple[str, str]] = []
        self.edges: dict[int, set[tuple[int, int]]] | None = None

    @property
    def complete(self) -> bool:
        """Whether the function has asked for everything that the journal remembers."""
        return not self._unmatched and not self.differences

    def ask(self, spec: Spec) -> bool:
        """Match a task of standard mode; False if it lies beyond the history."""
        task = self._take((None, None, int(spec.kind), spec.name, spec.target), spec)
        if task is None:
            self.fresh.append(spec)
            return False
        self._run.standard.append(task)
        return True

    def graph(self, asked: Executes) -> bool:
        """Match a whole execute(); False if it lies beyond the history."""
        scope = self._run.graphs.get(asked.path)
        if scope is None:
            return False
        scope.wait_after_fail_s = asked.wait_after_fail_s
        self._match_specs(scope.no, asked.specs)
        self._match_edges(scope.no, asked.edges)
        return True

    def _match_specs(self, graph: int, specs: list[Spec]) -> None:
        later: list[Spec] = []
        for spec in specs:  # equal arguments first
            if spec.parent is not None and not spec.parent.no:
                self._extra(spec)
            elif not self._take_equal(self._key(graph, spec), spec):
                later.append(spec)
                if spec.kind == Kind.SUBGRAPH:  # its members need its number now
                    self._take_any(later.pop(), graph)
        for spec in later:
            self._take_any(spec, graph)

    def _take_any(self, spec: Spec, graph: int) -> None:
        if self._take(self._key(graph, spec), spec) is None:
            self._extra(spec)

    def _key(self, graph: int, spec: Spec) -> Key:
        parent = spec.parent.no if spec.parent is not None else None
        return (graph, parent, int(spec.kind), spec.name, spec.target)

    def _take_equal(self, key: Key, spec: Spec) -> bool:
        left = self._left.get(key)
        if not left:
            return False
        if left[0].request.text == spec.request:
            self._bind(left.popleft(), spec)
            return True
        for task in left:
            if task.request.text == spec.request:
                left.remove(task)
                self._bind(task, spec)
                return True
        return False

    def _take(self, key: Key, spec: Spec) -> TaskState | None:
        if self._take_equal(key, spec):
            return self._run.tasks[spec.no]
        left = self._left.get(key)
        if not left:
            return None
        task = left.popleft()
        self._bind(task, spec)
        self.warnings.append(
            f"{describe(task)}: arguments differ from the journal's, which are used: "
            + "; ".join(argument_differences(task.request.text, spec.request))
        )
        return task

    def _bind(self, task: TaskState, spec: Spec) -> None:
        spec.no = task.no
        task.spec = spec
        del self._unmatched[task.no]
        self._run.asked_seq = max(self._run.asked_seq, task.seq)

    def _extra(self, spec: Spec) -> None:
        self.differences.append(("", describe_spec(spec)))

    def _match_edges(self, graph: int, edges: list[tuple[Spec, Spec]]) -> None:
        if self.edges is None:
            return
        code = {(task.no, on.no) for task, on in edges if task.no and on.no}
        journal = self.edges.get(graph, set())
        self.differences.extend((self._edge(edge), "") for edge in sorted(journal - code))
        self.differences.extend(("", self._edge(edge)) for edge in sorted(code - journal))

    def _edge(self, edge: tuple[int, int]) -> str:
        task, on = self._run.tasks[edge[0]], self._run.tasks[edge[1]]
        return f"{describe(task)} after {describe(on)}"

    def report(self, last: FromFunction | None = None) -> str:
        """The two columns: what the journal says and the code does not ask for, and the other way round."""
        journal = [describe(task) for task in self._unmatched.values()] + [left for left, _ in self.differences if left]
        fresh = self.fresh + (last.specs if isinstance(last, Executes) and last.path not in self._run.graphs else [])
        code = [describe_spec(spec) for spec in fresh] + [right for _, right in self.differences if right]
        if isinstance(last, (Returned, Raised)):
            code.append("(the function ends)")
        width = max([len(line) for line in journal] + [len("journal says")])
        lines = [f"{'journal says':<{width}} | code does"]
        for index in range(min(max(len(journal), len(code)), 40)):
            left = journal[index] if index < len(journal) else ""
            right = code[index] if index < len(code) else ""
            lines.append(f"{left:<{width}} | {right}".rstrip())
        return "\n".join(lines)


def describe(task: TaskState) -> str:
    """`operation plugin.start web_a1 #2`: a task for people."""
    text = f"{Kind(task.kind).name.lower()} {task.name} {task.target}".strip()
    return text if task.n == 1 else f"{text} #{task.n}"


def describe_spec(spec: Spec) -> str:
    """The same for what the function asks for."""
    return f"{Kind(spec.kind).name.lower()} {spec.name} {spec.target}".strip()


def argument_differences(journal: str, code: str) -> list[str]:
    """`kwargs.at: 1 → 2` for each argument that differs."""
    one, other = decode(journal), decode(code)
    found: list[str] = []
    _differ("", one, other, found)
    return found or ["the order of keys"]


def _differ(path: str, one: object, other: object, found: list[str]) -> None:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            _differ(f"{path}.{key}".lstrip("."), one.get(key), other.get(key), found)
    elif one != other:
        found.append(f"{path}: {encode(one)} → {encode(other)}")
