"""The laws, each as something that looks at every commit of a simulated world and raises when it is broken."""

from __future__ import annotations

import random
from collections import Counter, defaultdict

from durable_wf.clock import Instant, remaining_us
from durable_wf.codec import decode
from durable_wf.graph import cancel
from durable_wf.graph.decide import Core
from durable_wf.graph.load import connect_all, count_keys
from durable_wf.graph.state import WORKED
from durable_wf.model.commands import Answer
from durable_wf.model.events import Asked, Decides, Executes, Gets, Polls, Raised, Returned
from durable_wf.model.rows import Kind, Subject
from durable_wf.model.states import ATTEMPT, MODIFICATION, TASK, TE, XE, A, M, T
from tests.laws.programs import Function

_TASK_STATES, _TASK_EVENTS = tuple(T), tuple(TE)
_ENDED_ATTEMPTS = frozenset(ATTEMPT.code(state) for state in ATTEMPT.ended)
_SUCCEEDED_ATTEMPT = ATTEMPT.code(A.SUCCEEDED)
_REOPENED = tuple(XE).index(XE.REOPENED)
_GOES_ON = frozenset({TE.RERUN, TE.HANDED_BACK, TE.RESET})  # it would be running but for a crash or a stop
_BY_A_PERSON = frozenset({TE.RESET, TE.SUPERSEDED})


class LawBroken(AssertionError):
    """A law, and how it was broken."""


def demand(law, holds, text):
    """Raise unless it holds."""
    if not holds:
        raise LawBroken(f"{law}: {text}")


class Watch:
    """Looks at each commit as it is made.

    replays  whether every commit is also read back: a replay from it must come to what the live core has
    """

    def __init__(self, world, *, replays=True, verifies=True):
        self.world = world
        self.replays, self.verifies = replays, verifies
        self.states = {}
        self.attempts = {}
        self.tasks = {}
        self.waits_for = {}
        self.events = Counter()
        self.last = {}
        self.failed_in = defaultdict(set)
        self.due = {}
        self.ignored, self.replaced = set(), {}
        self.removed, self.unlinked = set(), set()
        self.good_again = set()
        self.reopened = False
        self.rolled_back = 0
        self._fence = 0
        self._seq = 0
        self._live_since = {}
        world.watch = self

    def committed(self, runner, pen):
        """A turn of `runner` was committed."""
        for row in pen.changes.tasks:
            self.tasks[row.no] = row
            self.states[row.no] = T.PENDING
        for row in pen.changes.dependencies:
            self.waits_for.setdefault(row.task, []).append(row.on)
        for row in pen.changes.attempts:
            self.attempts[row.task, row.number] = row.state
        if runner.taken:
            self._live_since.setdefault(id(runner), (runner, pen.now))
        self.look(runner, pen.now)
        self._attempts(pen)
        self._modifications(pen)
        self.check_begins()
        if self.verifies:
            problems = list(self.world.journal.verify())
            demand("L2, L13", not problems, "; ".join(problems))
        waits = not runner.core.run.over and not cancel.is_forced(runner.core.run)  # for its function
        if self.replays and runner.taken and runner.running and not runner.facts and waits:
            self._timers(runner, pen)
            if not any(type(command).__name__ in {"Answer", "Consult"} for command in pen.commands):
                check_replay(self.world, runner)

    def look(self, runner, now):
        """Take in the transitions that are new."""
        new = self.world.journal.transitions(1, since=self._seq)
        reopened = any(row.subject == Subject.EXECUTION and row.event == _REOPENED for row in new)
        self.reopened = self.reopened or reopened
        for row in new:
            demand("L4", row.fence >= self._fence, f"seq {row.seq} has fence {row.fence} after fence {self._fence}")
            self._fence, self._seq = row.fence, row.seq
            if row.subject == Subject.GRAPH:
                self._taken(decode(row.detail_json) or {})
            if row.subject == Subject.TASK:
                self._task(row, runner, now, reopened=reopened)

    def _task(self, row, runner, now, *, reopened):
        no, event = row.subject_no, _TASK_EVENTS[row.event]
        if row.source is None:
            return
        source, target = _TASK_STATES[row.source], _TASK_STATES[row.target]
        by_a_person = event in _BY_A_PERSON and reopened
        demand("L1", source not in TASK.ended or by_a_person, f"task {no} left '{source}' by {event}")
        self._decision(no, event, decode(row.detail_json) or {})
        starts = source is T.PENDING and event in (TE.HANDED_OUT, TE.BEGAN, TE.SUCCEEDED, TE.FAILED)
        if starts:
            self._starts(no, runner, now)
        if event is TE.RETRY:
            self.due[no] = decode(row.detail_json)
        elif event is TE.CAME_DUE:
            self._came_due(no, runner, now)
        elif event is TE.SUCCEEDED and (no, row.attempt) not in runner.core.run.late:
            self._properties(no, row.seq)
        self._failed_in(no, event)
        self.events[no, event] += 1
        self.last[no] = event
        self.states[no] = target

    def _decision(self, no, event, detail):
        """Take in what a handler decided about the task."""
        said = detail.get("decision") or {}
        self._taken(said)
        if event is TE.FAILED and said.get("action") in {"ignore", "continue"}:
            self.ignored.add(no)
        elif event in _BY_A_PERSON:
            self.ignored.discard(no)
            self.replaced.pop(no, None)
        if "replaced_by" in said:
            self.replaced[no] = said["replaced_by"]
            if "due" in detail:
                self.due[said["replaced_by"]] = detail
        if event is TE.RETRY and said.get("outcome") == "good":
            self.good_again.add(no)

    def _taken(self, said):
        self.removed.update(said.get("removed", ()))
        self.unlinked.update(map(tuple, said.get("unlinked", ())))

    def _is_out(self, no):
        """Whether the task was taken out, or is in one that was."""
        parent = self.tasks[no].parent
        return no in self.removed or (parent is not None and self._is_out(parent))

    def _starts(self, no, runner, now):
        if no in self.due and not self.events[no, TE.RETRY]:  # it takes the place of one that was to be tried later
            self._came_due(no, runner, now)
        for on in self.waits_for.get(no, ()):
            if (no, on) in self.unlinked or self._is_out(on):
                continue
            while on in self.replaced:
                on = self.replaced[on]  # noqa: PLW2901 - the one that has taken its place
            state = self.states[on]
            good = state is T.SUCCEEDED or on in self.ignored
            demand("L3", good, f"task {no} started while task {on}, which it waits for, is '{state}'")
        parent = self.tasks[no].parent
        if parent is not None:
            state = self.states[parent]
            # it had begun in there before, or the decision that took it out is no more; others wait for it from outside
            again = self.events[no, TE.RESET] or no in self.removed or (self.reopened and state in TASK.ended)
            demand("L3", state is T.STARTED or again, f"task {no} started while its subgraph is '{state}'")
        while parent is not None and self.last.get(no) not in _GOES_ON:
            failed = self.failed_in[parent]
            demand("subgraph", not failed, f"task {no} started after {failed} had failed beside it, in task {parent}")
            parent = self.tasks[parent].parent

    def _failed_in(self, no, event):
        """Subgraphs of which a member has failed."""
        parent = self.tasks[no].parent
        if event is TE.FAILED and no not in self.ignored and no not in self.removed:
            self.failed_in[parent].add(no)
        elif event in _BY_A_PERSON:
            self.failed_in[parent].discard(no)

    def _properties(self, no, seq):
        """Right after the outcome; what a rollback or the decision of a handler did later is another matter."""
        task = self.tasks[no]
        if task.kind == Kind.OPERATION and task.target:
            request = {row.no: row.body_json for row in self.world.journal.history(1).payloads}[task.request]
            name = f"p{decode(request)['kwargs']['id']}"
            row = next(one for one in self.world.journal.instances(1, at=seq) if one.name == task.target)
            found = decode(row.runtime_properties_json).get(name)
            demand("L7", found == "ok", f"task {no} succeeded, and its property {name} is {found}")

    def _came_due(self, no, runner, now):
        """By boot time; after a reboot what was left when this runner went live, clamped to the drawn delay."""
        detail = self.due[no]
        due, drawn_us = Instant(*detail["due"]), detail["delay_us"]
        earliest_us = due.boot_us
        if due.boot_id != now.boot_id:
            since = self._live_since[id(runner)][1]
            earliest_us = since.boot_us + remaining_us(due=due, drawn_us=drawn_us, now=since)
        demand("L9", now.boot_us >= earliest_us, f"task {no} came due {earliest_us - now.boot_us} µs too early")

    def _modifications(self, pen):
        """L8: what is shown right after a rollback is what was shown right before the start."""
        for move in pen.changes.modification_moves:
            row = next(one for one in self.world.journal.modifications() if one.id == move.id)
            if MODIFICATION.states[move.state] is M.ROLLEDBACK:
                before, after = (self._shown(at) for at in (row.seq - 1, move.ended_seq))
                demand("L8", before == after, f"{after} is shown after {row.uid}, which began with {before}")
                self.rolled_back += 1

    def _shown(self, at):
        journal = self.world.journal
        return [
            *(row._replace(seq=0, revision=0) for row in journal.instances(1, at=at)),
            *(row._replace(seq=0) for row in journal.nodes(1, at=at)),
            *((row.name, row.current) for row in journal.scaling(1, at=at)),
        ]

    def _attempts(self, pen):
        for row in pen.changes.attempts:
            if row.number > 1:
                before = self.attempts[row.task, row.number - 1]
                good = before != _SUCCEEDED_ATTEMPT or row.task in self.good_again or self.events[row.task, TE.RESET]
                demand("L6", good, f"task {row.task} is run again after it has succeeded")
        for move in pen.changes.attempt_moves:
            key = (move.task, move.number)
            ended = self.attempts[key] in _ENDED_ATTEMPTS
            demand("L1", not ended, f"attempt {key} changed after it had ended")
            self.attempts[key] = move.state

    def check_begins(self):
        """L6: begun once, and once more for each retry, kill and reset."""
        for no, begun in self.world.begins.items():
            may = 1 + self.events[no, TE.RETRY] + self.events[no, TE.RESET] + self.world.lost[no]
            demand("L6", begun <= may, f"task {no} was begun {begun} times; {may} can be explained")

    def _timers(self, runner, pen):
        """Whatever waits for a time has a timer, or it would wait for ever."""
        armed = {timer for _, _, timer in runner.timers}
        armed |= {command.timer for command in pen.commands if type(command).__name__ == "Arm"}
        run = runner.core.run
        missing = {("task", no) for no in run.rescheduled} - armed
        waiting = {task.graph for task in run.unknown.values()}  # these are not ended by time
        missing |= {
            ("graph", scope.no)
            for scope in run.graphs.values()
            if scope.failures and not scope.ended and scope.no not in waiting
        } - armed
        demand("L9", not missing, f"no timer will come for {sorted(missing)}")


# -------------------------------------------------------------------------------------------------------------- replay


def check_replay(world, runner):
    """A replay of what is committed comes to where the live runner is: same question, same notes, same counters."""
    history = world.journal.history(1)
    core = Core(history)
    function = Function(world.program, random.Random(len(history.tasks)))
    event = _replay(core, function)
    live = runner.core.run
    demand("replay", core.replay.complete, core.replay.report(event))
    demand("replay", not core.replay.fresh, f"asks anew for {core.replay.fresh}")
    demand("replay", not core.replay.warnings, str(core.replay.warnings))
    asked, blocked = _question(event, function), _question(runner.blocked or live.ending, runner.function)
    demand("replay", asked == blocked, f"{event} for {runner.blocked}")
    count_keys(core.run)
    _same("notes", core.run.notes, live.notes)
    _same("asked_seq", core.run.asked_seq, live.asked_seq)
    _same("keys", core.run.keys, live.keys)
    connect_all(core.run, history)
    cancel.hold(core.run)
    for name, value in _counters(core.run).items():
        _same(name, value, _counters(live)[name])


def _replay(core, function):
    answer = None
    generator = function.run()
    while True:
        event = generator.send(answer)
        if isinstance(event, (Returned, Raised)):
            return event
        answer = core.answer(event)
        if answer is None and isinstance(event, Polls):
            answer = Answer(0, None, (), 0)  # the live one took nothing, or the journal would say so
        if answer is None and not isinstance(event, Asked):
            return event


def _question(event, function):
    if isinstance(event, Gets):
        return ("get", event.spec.no)
    if isinstance(event, (Executes, Decides)):
        return ("execute", function.path)
    return event


def _same(name, replayed, live):
    demand("replay", replayed == live, f"{name}: live {live}, from the journal {replayed}")


def _counters(run):
    tasks = [task for task in run.tasks.values() if _TASK_STATES[task.state] is not T.SUPERSEDED]
    waiting = [task for task in tasks if _TASK_STATES[task.state] is T.PENDING and not task.holds]
    asking = {task.no for task in tasks if task.inner is not None and task.undecided is not None}
    scopes = {("graph", scope.no): scope for scope in run.graphs.values()}
    scopes |= {("subgraph", task.no): task.inner for task in tasks if task.inner is not None}
    over = {key for key, scope in scopes.items() if scope.ended and key[1] not in asking}
    open_scopes = {key: scope for key, scope in scopes.items() if key not in over}
    may_run = {task.no for task in (*run.freed, *run.again, *run.ready) if task in waiting and task.kind in WORKED}
    may_run = {no for no in may_run if not run.holds_back(run.tasks[no])}
    delayed = {task.no for task in waiting if task.no in run.delayed and not task.attempts}
    return {
        "states": {task.no: task.state for task in tasks},
        "undecided": {
            task.no for task in tasks
            if task.undecided is not None and _TASK_STATES[task.state] is T.STARTED and task.inner is None
        },
        "fetched": {task.no for task in run.standard if task.fetched},
        "waits": {task.no: task.waits for task in waiting},
        "behind": {
            task.no: task.behind.tasks for task in tasks
            if task.behind is not None and _TASK_STATES[task.state] not in TASK.ended
        },
        "goes on": {task.no for task in waiting if task.goes_on},
        "ended": over,
        "removed": {task.no for task in tasks if task.removed and _TASK_STATES[task.state] not in TASK.ended},
        "ignored": {task.no for task in tasks if task.ignored},
        "open": {key: scope.open for key, scope in open_scopes.items()},
        "stopped": {key: scope.stopped for key, scope in open_scopes.items()},
        "failures": {key: scope.failed for key, scope in scopes.items()},
        "open in standard mode": run.open,
        "may run": may_run - delayed,
        "under way": set(run.in_flight) | set(run.unknown),
        "rescheduled": set(run.rescheduled) - delayed,
    }  # fmt: skip
