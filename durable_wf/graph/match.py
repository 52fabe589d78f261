"""Replay: what the function asks for is matched against what the journal remembers.

Rows with equal arguments are matched first; a difference of arguments alone is reported, and the journal's
request is the one used. What has no match on either side is shown in two columns.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from durable_wf.codec import decode, encode
from durable_wf.graph import cancel
from durable_wf.graph.load import RERUN
from durable_wf.graph.state import SUPERSEDED
from durable_wf.model.commands import Consult
from durable_wf.model.events import Executes, Raised, Returned
from durable_wf.model.rows import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from durable_wf.graph.load import Decision
    from durable_wf.graph.state import Run, TaskState
    from durable_wf.model.events import Cancels, Decides, FromFunction, Spec

Key = tuple[int | None, int | None, int, str, str]  # of what was stored at once: see `_batch_of`


class _Left:
    """Tasks of one key that nobody has asked for yet, by what they ask of a worker."""

    __slots__ = ("by_request", "in_order")

    def __init__(self) -> None:
        self.in_order: deque[TaskState] = deque()  # a task that was taken by its request is skipped here
        self.by_request: dict[str, deque[TaskState]] = {}

    def add(self, task: TaskState) -> None:
        self.in_order.append(task)
        self.by_request.setdefault(task.request.text, deque()).append(task)


class Replay:
    """The journal's tasks that the function has not asked for yet.

    fresh        what it asked for beyond the history, in order; written when the replay ends
    warnings     differences of arguments
    differences  edges and tasks of graphs that differ, as lines (journal says, code does)
    edges        the journal's edges by the seq at which they were stored
    decided      handlers' decisions that still count, by seq
    cancels      that the function has asked to be cancelled; written when the replay ends, unless it was before
    """

    def __init__(self, run: Run, edges: dict[int, set[tuple[int, int]]], decided: Sequence[Decision] = ()) -> None:
        self._run = run
        self._edges = edges
        self._decided: dict[int, deque[Decision]] = {}
        for one in decided:
            self._decided.setdefault(run.tasks[one.no].graph or 0, deque()).append(one)
        self._left: dict[Key, _Left] = {}
        self._unmatched: dict[int, TaskState] = {}
        self._graphs = dict.fromkeys(run.graphs)
        for task in run.tasks.values():
            if task.state != SUPERSEDED:
                key = (_batch_of(task), task.parent, task.kind, task.name, task.target)
                self._left.setdefault(key, _Left()).add(task)
                self._unmatched[task.no] = task
        self.fresh: list[Spec] = []
        self.cancels: Cancels | None = None
        self.warnings: list[str] = []
        self.differences: list[tuple[str, str]] = []
        self._asked: list[Spec] = []  # since the function last waited

    @property
    def complete(self) -> bool:
        """Whether the function has asked for everything that the journal remembers."""
        told = self._run.cancel.told is None or self._run.cancel.heard
        return told and not (self._unmatched or self._graphs or self.differences or any(self._decided.values()))

    def ask(self, spec: Spec) -> None:
        """Match a task of standard mode with one that has equal arguments; the others wait for `settle`.

        So that none takes the place of a task that the function asks for a moment later, in another order.
        """
        self._take_equal(self._key(None, spec), spec)
        self._asked.append(spec)

    def settle(self) -> None:
        """The function waits: match what has no equal; what lies beyond the history is noted as fresh."""
        for spec in self._asked:
            if spec.no or self._take_any(self._key(None, spec), spec):
                self._run.standard.append(self._run.tasks[spec.no])
            else:
                self.fresh.append(spec)
        self._asked.clear()

    def graph(self, asked: Executes) -> bool:
        """Match a whole execute(); False if it lies beyond the history."""
        scope = self._run.graphs.get(asked.path)
        if scope is None:
            return False
        self._graphs.pop(asked.path, None)
        self._run.asked_seq = max(self._run.asked_seq, scope.seq)
        scope.wait_after_fail_s = asked.wait_after_fail_s
        self._match_specs(scope.seq, asked.specs)
        self._match_edges(scope.seq, asked.edges, set())
        self._match_taken(scope.seq, asked, f"execute {asked.path}")
        return True

    def question(self, path: str) -> Consult | None:
        """What the next recorded decision of this execute() was about: to be asked again."""
        waiting = self._decided.get(self._run.graphs[path].no)
        if not waiting or self.differences:
            return None
        one = waiting[0]
        task = self._run.tasks[one.no]
        rerun = one.said["outcome"] == RERUN
        if task.spec is None or not _asks(task.spec, is_good=one.is_good, rerun=rerun):
            self.differences.append((f"handler of {describe(task)}: {one.said['action']}", "(no handler)"))
            return None
        failed = one.outcome.get("failures")
        first = min((self._run.tasks[no] for no in failed), key=lambda it: it.ended_seq or 0).spec if failed else None
        return Consult(
            task.spec, one.is_good, encode(one.outcome), one.said["retries"], one.said["as_of"], first, rerun
        )

    def decided(self, path: str, event: Decides) -> None:
        """Match a handler's answer with the decision that was recorded."""
        one = self._decided[self._run.graphs[path].no].popleft()
        before = len(self.differences)
        self._match_specs(one.seq, event.specs)
        self._match_edges(one.seq, event.edges, {(task, on) for task, on in one.said.get("late", ())})
        if not one.holds:  # what came before it has changed: what it added stays, and is not looked for
            del self.differences[before:]
            for no in [task.no for task in self._unmatched.values() if _batch_of(task) == one.seq]:
                del self._unmatched[no]
            return
        what = f"handler of {describe(self._run.tasks[one.no])}"
        self._match_taken(one.seq, event, what)
        self._compare(what, one.said["action"], str(event.action))
        replaced = one.said.get("replaced_by"), event.replacement.no if event.replacement is not None else None
        self._compare(f"{what}: replaced by task", *replaced)

    def _compare(self, what: str, journal: object, code: object) -> None:
        if journal != code:
            self.differences.append((f"{what}: {journal or 'nothing'}", f"{what}: {code or 'nothing'}"))

    def _match_taken(self, seq: int, asked: Executes | Decides, what: str) -> None:
        """Compare what was taken out at `seq`."""
        run = self._run
        journal = {no for no, at in run.removed.items() if at == seq}
        code = {spec.no for spec in asked.removed}
        self.differences.extend((f"{what}: takes out {describe(run.tasks[no])}", "") for no in sorted(journal - code))
        self.differences.extend(("", f"{what}: takes out {describe(run.tasks[no])}") for no in sorted(code - journal))
        edges = {edge for edge, at in run.unlinked.items() if at == seq}
        wanted = {(spec.no, on.no) for spec, on in asked.unlinked}
        self.differences.extend((f"{what}: takes out {self._edge(edge)}", "") for edge in sorted(edges - wanted))
        self.differences.extend(("", f"{what}: takes out {self._edge(edge)}") for edge in sorted(wanted - edges))

    def _match_specs(self, batch: int, specs: list[Spec]) -> None:
        later: list[Spec] = []
        for spec in specs:  # equal arguments first
            if spec.parent is not None and not spec.parent.no:
                self._extra(spec)
            elif self._take_equal(self._key(batch, spec), spec):
                continue
            elif spec.kind == Kind.SUBGRAPH:  # its members need its number now
                self._take_or_differ(batch, spec)
            else:
                later.append(spec)
        for spec in later:
            self._take_or_differ(batch, spec)

    def _take_or_differ(self, batch: int, spec: Spec) -> None:
        if not self._take_any(self._key(batch, spec), spec):
            self._extra(spec)

    def _key(self, batch: int | None, spec: Spec) -> Key:
        parent = spec.parent.no if spec.parent is not None else None
        return (batch, parent, int(spec.kind), spec.name, spec.target)

    def _take_equal(self, key: Key, spec: Spec) -> bool:
        left = self._left.get(key)
        equal = left.by_request.get(spec.request) if left is not None else None
        return equal is not None and self._bind_first(equal, spec) is not None

    def _take_any(self, key: Key, spec: Spec) -> bool:
        left = self._left.get(key)
        task = self._bind_first(left.in_order, spec) if left is not None else None
        if task is None:
            return False
        self.warnings.append(
            f"{describe(task)}: arguments differ from the journal's, which are used: "
            + "; ".join(argument_differences(task.request.text, spec.request))
        )
        return True

    def _bind_first(self, tasks: deque[TaskState], spec: Spec) -> TaskState | None:
        """Give `spec` the first of these tasks that nobody has been given."""
        while tasks:
            task = tasks.popleft()
            if self._unmatched.pop(task.no, None) is not None:
                spec.no = task.no
                task.spec = spec
                if task.graph is None:
                    self._run.asked_seq = max(self._run.asked_seq, task.seq)
                return task
        return None

    def _extra(self, spec: Spec) -> None:
        self.differences.append(("", _place_of(spec)))

    def _match_edges(self, seq: int, edges: list[tuple[Spec, Spec]], late: set[tuple[int, int]]) -> None:
        """Compare edges; `late` are those that the journal did not take because their task had begun."""
        code = {(task.no, on.no) for task, on in edges if task.no and on.no} - late
        journal = self._edges.get(seq, set())
        self.differences.extend((self._edge(edge), "") for edge in sorted(journal - code))
        self.differences.extend(("", self._edge(edge)) for edge in sorted(code - journal))

    def _place(self, task: TaskState) -> str:
        return describe(task) if task.parent is None else f"{describe(task)} in {self._run.tasks[task.parent].name}"

    def _of(self, one: Decision) -> str:
        return f"handler of {describe(self._run.tasks[one.no])}: {one.said['action']}"

    def _edge(self, edge: tuple[int, int]) -> str:
        task, on = self._run.tasks[edge[0]], self._run.tasks[edge[1]]
        return f"{describe(task)} after {describe(on)}"

    def report(self, last: FromFunction | None = None) -> str:
        """The two columns: what the journal says and the code does not ask for, and the other way round."""
        journal = [self._place(task) for task in self._unmatched.values()]
        journal += [f"execute {path}" for path in self._graphs]
        journal += [self._of(one) for waiting in self._decided.values() for one in waiting] + [
            left for left, _ in self.differences if left
        ]
        if self._run.cancel.told is not None and not self._run.cancel.heard:
            journal.append(cancel.describe(self._run.cancel))
        fresh = self.fresh + (last.specs if isinstance(last, Executes) and last.path not in self._run.graphs else [])
        code = [_place_of(spec) for spec in fresh] + [right for _, right in self.differences if right]
        if isinstance(last, (Returned, Raised)):
            code.append("(the function ends)")
        return two_columns(journal, code)


def _asks(spec: Spec, *, is_good: bool, rerun: bool) -> bool:
    """Whether the code has such a handler."""
    if rerun:
        return spec.on_rerun
    return spec.on_success if is_good else spec.on_failure


def two_columns(journal: list[str], code: list[str]) -> str:
    """What the journal says beside what the code does, each under its heading; 40 lines at most."""
    width = max([len(line) for line in journal] + [len("journal says")])
    lines = [f"{'journal says':<{width}} | code does"]
    for index in range(min(max(len(journal), len(code)), 40)):
        left = journal[index] if index < len(journal) else ""
        right = code[index] if index < len(code) else ""
        lines.append(f"{left:<{width}} | {right}".rstrip())
    return "\n".join(lines)


def _batch_of(task: TaskState) -> int | None:
    """What was stored at once has one seq: an execute(), or what a handler added. Nothing in standard mode."""
    return None if task.graph is None else task.seq


def describe(task: TaskState) -> str:
    """`operation plugin.start web_a1 #2`: a task for people."""
    text = f"{Kind(task.kind).name.lower()} {task.name} {task.target}".strip()
    return text if task.n == 1 else f"{text} #{task.n}"


def describe_spec(spec: Spec) -> str:
    """The same for what the function asks for."""
    return f"{Kind(spec.kind).name.lower()} {spec.name} {spec.target}".strip()


def _place_of(spec: Spec) -> str:
    """With the subgraph that it is in."""
    return describe_spec(spec) if spec.parent is None else f"{describe_spec(spec)} in {spec.parent.name}"


def argument_differences(journal: str, code: str) -> list[str]:
    """`kwargs.at: 1 → 2` for each argument that differs."""
    return list(_differences("", decode(journal), decode(code)))


def _differences(path: str, one: Any, other: Any) -> Iterator[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            yield from _differences(f"{path}.{key}".lstrip("."), one.get(key, ...), other.get(key, ...))
    elif _shown(one) != _shown(other):
        yield f"{path}: {_shown(one)} → {_shown(other)}"


def _shown(value: Any) -> str:
    """As JSON: unlike for ==, true is not 1."""
    return "absent" if value is ... else encode(value)
