"""The replay tests' kit: processes that die at a commit, and a play that is repeated with a death at every commit.

What a death is, and what is left of the dead, is the same as for authors (`durable_wf.testing`).
"""

from __future__ import annotations

import itertools
import shutil
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from durable_wf import Engine, ResumeOptions, RunOptions
from durable_wf.codec import decode
from durable_wf.errors import UsageError
from durable_wf.model.rows import Kind
from durable_wf.model.states import ATTEMPT, EXECUTION, TASK, A, T, X
from durable_wf.testing.crash import COMMIT, Crash, CrashingJournal, Point
from durable_wf.testing.lab import bury, settle
from durable_wf.testing.stores import FileStore
from tests.replay.work import TIMEOUT, WORLD

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from durable_wf.clock import Clock
    from durable_wf.model import rows

STATES = tuple(X)
ENDED = frozenset(EXECUTION.code(state) for state in EXECUTION.ended)
NO_RETRIES = RunOptions(task_retries=0)
MOST_COMMITS = 300  # a play that needs more than this has gone round in circles


class SqliteStore(FileStore):
    """A file, copied from an empty one that was made before."""

    def __init__(self, path: Path, template: Path) -> None:
        super().__init__(path)
        path.parent.mkdir(mode=0o700)
        shutil.copy(template, path)


class Life:
    """One process with an engine.

    at, after  it dies at its at-th commit, before or after it; 0 for never
    """

    def __init__(
        self, store: Any, *, at: int = 0, after: bool = False, clock: Clock | None = None, max_operations: int = 4
    ) -> None:
        self.store = store
        self.clock = clock
        self.journal = CrashingJournal(store.open())
        if at:
            self.journal.arm(Point(COMMIT, after), at)
        self.engine = Engine(self.journal, clock=clock, max_operations=max_operations)
        numbers = itertools.count(1)  # of instances that are added: the first that is not taken
        self.engine.new_suffix = lambda: str(next(numbers))

    @property
    def died(self) -> bool:
        """Whether it has."""
        return self.journal.crashed

    def start(self, workflow: Any, parameters: dict[str, Any] | None = None, **more: Any) -> str:
        """As `Engine.start`."""
        return self.engine.start(workflow, parameters or {}, **more)

    def wait(self, uid: str) -> str | None:
        """The state in which it ended or lies down; None if the process died first."""
        try:
            return self.engine.wait(uid, TIMEOUT)
        except UsageError:
            if self.died:
                return None
            raise

    def run(self, workflow: Any, parameters: dict[str, Any] | None = None, **more: Any) -> tuple[str, str | None]:
        """Start it and wait."""
        uid = self.start(workflow, parameters, **more)
        return uid, self.wait(uid)

    def resume(self, uid: str, **options: Any) -> str | None:
        """Resume it and wait."""
        self.engine.resume(uid, ResumeOptions(**options))
        return self.wait(uid)

    def go_on(self, uid: str, **options: Any) -> None:
        """Resume it, and wait only until its replay has met the end of the history."""
        self.engine.resume(uid, ResumeOptions(**options))
        hosted = self.engine._hosted[uid]
        while not hosted.taken:
            self.engine.host.ask(lambda: None)
        self.engine.host.ask(lambda: None)  # after that turn

    def advance(self, seconds: float) -> None:
        """Let time pass, and the host notice."""
        self.clock.advance(seconds)
        self.engine.host.ask(lambda: None)

    def die(self) -> None:
        """Be killed at the next thing it does."""
        self.journal.arm(Point.parse("before:commit"))
        try:
            self.engine.host.ask(self._turn)
        except (Crash, UsageError):  # the latter where a turn of its own came first
            assert self.died
            self.settle_death()

    def _turn(self) -> None:
        with self.journal.turn():
            pass

    def settle_death(self) -> None:
        """Let the threads of the dead process come to rest, and its locks be free."""
        settle(self.engine, self.store.kill)

    def bury(self) -> None:
        """End it, dead or alive, and everything that it left behind in this process."""
        if not self.died:
            self.engine.close()
            return
        bury(self.engine)


@dataclass
class Story:
    """What a play left behind, as far as it must not depend on when its processes died."""

    state: str
    result: Any
    tasks: list[tuple[Any, ...]]
    storage: list[tuple[Any, ...]]
    ran: Counter[str] = field(compare=False)
    notes: list[tuple[str, str]] = field(compare=False)


def tell(life: Life, uid: str) -> Story:
    """The story of an execution that has ended."""
    row = life.engine.find(uid)
    deployment = row.deployment
    storage = [] if deployment is None else life.journal.instances(deployment)
    return Story(
        life.engine.info(uid).state,
        outcome(life, uid),
        tasks_of(life.journal, row.id),
        [(one.name, one.state, one.runtime_properties_json, one.version) for one in storage],
        WORLD.counts(),
        list(WORLD.ran),
    )


def outcome(life: Life, uid: str) -> Any:
    """What the workflow returned, or class and arguments of what it raised."""
    try:
        return life.engine.result(uid)
    except Exception as error:  # noqa: BLE001 - whatever the workflow raised
        return type(error).__name__, str(error.args[0]).split("\nTraceback")[0] if error.args else ""


def tasks_of(journal: Any, execution: int) -> list[tuple[Any, ...]]:
    """Every task by its identity, with its state and how often it was retried; numbers and seqs left out."""
    history = journal.history(execution)
    graphs = {graph.no: graph.path for graph in history.graphs}
    by_no = {task.no: task for task in history.tasks}

    def label(no: int | None) -> tuple[Any, ...]:
        if no is None:
            return ()
        task = by_no[no]
        return (*label(task.parent), Kind(task.kind).name, task.name, task.target, task.n)

    bodies = {payload.no: payload.body_json for payload in history.payloads}
    return sorted(
        (graphs.get(task.graph, ""), label(task.no), bodies[task.request], TASK.states[task.state], task.retries)
        for task in history.tasks
    )


def states(life: Life, uid: str) -> dict[str, str]:
    """Each task's state by the `name` argument of its operation, else by its own name; superseded ones left out."""
    return {name: state for name, state in all_states(life, uid) if state != T.SUPERSEDED}


def all_states(life: Life, uid: str) -> list[tuple[str, str]]:
    """The same for every task, in the order of their numbers."""
    history = life.journal.history(life.engine.find(uid).id)
    bodies = {payload.no: decode(payload.body_json) for payload in history.payloads}
    names = {no: body["kwargs"].get("name") for no, body in bodies.items()}
    return [(names[task.request] or task.name, str(TASK.states[task.state])) for task in history.tasks]


def number(life: Life, uid: str, name: str) -> int:
    """The number of the newest task of that name (as in `states`)."""
    names = [found for found, _ in all_states(life, uid)]
    return len(names) - names[::-1].index(name)


def dump(journal: Any, execution: int) -> dict[str, list[Any]]:
    """All rows of an execution but its fence and owner."""
    tables = ("payload", "tasks_graph", "task", "task_dependency", "attempt", "transition", "event", "link")
    found = {table: journal.stored(table, execution) for table in tables}
    row = journal.stored("execution", execution)[0]
    return {**found, "execution": [row._replace(fence=0, owner_json=None)]}


def judge_attempts(life: Life, uid: str) -> None:
    """Nothing ran oftener than the journal has attempts, what has an outcome ran, and nothing ran after its success.

    Unless a handler said so: `on_success` may have it tried again.
    """
    row = life.engine.find(uid)
    wanted_again = {one.subject_no for one in life.journal.history(row.id).decisions if _wants_again(one)}
    attempts: dict[int, list[rows.Attempt]] = {}
    for attempt in life.journal.stored("attempt", row.id):
        attempts.setdefault(attempt.task, []).append(attempt)
    told = {A.SUCCEEDED, A.FAILED, A.RESCHEDULED}
    for task, found in attempts.items():
        had = [ATTEMPT.states[attempt.state] for attempt in found]
        assert had.count(A.SUCCEEDED) <= 1 or task in wanted_again, f"task {task} succeeded twice: {had}"
        assert A.SUCCEEDED not in had[:-1] or task in wanted_again, f"task {task} was tried after its success: {had}"
    ran = Counter(key for _, key in WORLD.ran)
    keyed = {number: keys_of(life, row, number, found) for number, found in attempts.items()}
    for task, found in attempts.items():
        times = sum(ran[key] for key in keyed[task])
        with_outcome = sum(ATTEMPT.states[attempt.state] in told for attempt in found)
        if times or with_outcome == 0:
            assert with_outcome <= times <= len(found), f"task {task} ran {times} times in {len(found)} attempts"


def _wants_again(decision: rows.Transition) -> bool:
    said = (decode(decision.detail_json) or {}).get("decision") or {}
    return (said.get("outcome"), said.get("action")) == ("good", "retry")


def keys_of(life: Life, row: rows.Execution, task: int, attempts: list[Any]) -> set[str]:
    """Every idempotency key that the task can have had."""
    from durable_wf.engine.runs import idempotency_key

    return {idempotency_key(life.journal.id, row.uid, task, generation) for generation in range(len(attempts) + 2)}


class Play:
    """Steps of people and processes, one after the other; the process of the at-th commit dies.

    deaths  how many processes die: the first one, and after it each at its own at-th commit
    """

    def __init__(self, store: Any, at: int = 0, *, after: bool = False, deaths: int = 1, **engine: Any) -> None:
        self.store = store
        self.kills = 0
        self.uid = ""
        self.state: str | None = None
        self._at, self._after, self._deaths = at, after, deaths
        self._engine = engine
        self._lives: list[Life] = []
        self._life = self._born()

    def _born(self) -> Life:
        at = self._at if self.kills < self._deaths else 0
        life = Life(self.store, at=at, after=self._after, **self._engine)
        self._lives.append(life)
        return life

    def _dead(self) -> bool:
        """Whether the process has died; then there is a new one."""
        if not self._life.died:
            return False
        self._life.settle_death()
        self.kills += 1
        self._life = self._born()
        return True

    @property
    def life(self) -> Life:
        """The process that lives now."""
        return self._life

    def run(self, workflow: Any, parameters: dict[str, Any] | None = None, **more: Any) -> str:
        """Run it to its end, resuming as often as its process dies. Gives its state."""
        more.setdefault("options", NO_RETRIES)
        while True:
            try:
                self.uid = self._life.start(workflow, parameters, **more)
            except Crash:
                self._dead()
                found = self._life.engine.executions()
                if not found:
                    continue  # it was never there: the person starts it again
                self.uid = found[0].id
                return self._go_on(ResumeOptions(), since=0)
            self.state = self._life.wait(self.uid)
            if self._dead():
                return self._go_on(ResumeOptions(), since=0)
            return self.state

    def resume(self, **options: Any) -> str:
        """Resume it to its end, the same command again as often as its process dies. Gives its state."""
        before = self._life.engine.find(self.uid).ended_seq or 0
        return self._go_on(ResumeOptions(**options), since=before)

    def _go_on(self, options: ResumeOptions, since: int) -> str:
        while True:
            row = self._life.engine.find(self.uid)
            if row.state in ENDED and (row.ended_seq or 0) > since:
                self.state = str(STATES[row.state])
                return self.state
            try:
                self._life.engine.resume(self.uid, options)
            except Crash:
                self._dead()
                continue
            self.state = self._life.wait(self.uid)
            if not self._dead():
                return self.state

    def close(self) -> None:
        """End every process."""
        for life in self._lives:
            life.bury()


def perform(script: Callable[[Play], None], store: Any, **play: Any) -> tuple[Story, int]:
    """Perform a play; its story, and how many processes died in it."""
    WORLD.clear()
    stage = Play(store, **play)
    try:
        script(stage)
        judge_attempts(stage.life, stage.uid)
        problems = list(stage.life.journal.verify())
        assert problems == []
        return tell(stage.life, stage.uid), stage.kills
    finally:
        stage.close()


def at_every_commit(
    script: Callable[[Play], None], new_store: Callable[[], Any], *, deaths: int = 1, **engine: Any
) -> Story:
    """Perform a play once undisturbed, then with a death before and after every commit; all must end alike (L5).

    returns  the undisturbed story
    """
    calm, _ = perform(script, new_store(), **engine)
    for after in (False, True):
        for at in itertools.count(1):
            assert at < MOST_COMMITS, "the play does not end"
            story, kills = perform(script, new_store(), at=at, after=after, deaths=deaths, **engine)
            if kills == 0:
                break
            where = f"{'after' if after else 'before'} commit {at}"
            assert story == calm, f"a death {where} changed the story"
            for name in calm.ran | story.ran:
                times = story.ran[name]
                assert calm.ran[name] <= times <= calm.ran[name] + kills, f"{where}: {name} ran {times} times"
    return calm
