"""One point of a sweep: kill, look, resume, look again, and say what is wrong with what was seen."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from durable_wf.errors import HeadUnreadable
from durable_wf.journal import head
from tools.crash import disks, judge, steps
from tools.crash.children import Ended, StepFailed, ask_child, in_child
from tools.crash.judge import look, without_owner
from tools.crash.killing import Kill
from tools.crash.normal import differences
from tools.crash.shim import Strike
from tools.crash.steps import Hit, Setting, journal_of

ASKS = 6
STORAGE = 10
CANCELLED = 5


class Point(NamedTuple):
    """What is done: a scenario, and where its runners die; the second kill hits the first resume, and so on."""

    scenario: str
    max_parallel: int
    kills: tuple[Hit, ...]
    durability: str = "process"
    through: str = "engine"
    disk_kb: int = 0  # of the journal's own file system, where it has one

    def __str__(self) -> str:
        text = f"{self.scenario} --max-parallel {self.max_parallel} --only {','.join(map(str, self.kills))}"
        return text + (" --through cli" if self.through == "cli" else "")


@dataclass(slots=True)
class Verdict:
    """What came of it.

    way       `broken` (it cannot be told), `ended` (the run ended before its n-th commit), `nothing` (it had not begun:
              started again), `plain` (a plain resume completed it), `asked` (exit 6, then --reset-operations did),
              `cancelled` (it was cancelled, and a resume completed it), `absorbed` (it met a fault and went on)
    repeated  operations that ran more than once, of those that were in flight
    commits   of the run, where it ended by itself
    """

    point: Point
    way: str = "broken"
    problems: list[str] = field(default_factory=list)
    repeated: int = 0
    commits: int = 0
    folder: str = ""


class Reference(NamedTuple):
    """The undisturbed run.

    base  by name: how often an operation begins when nobody is killed
    """

    normal: dict[str, Any]
    base: dict[str, int]
    commits: int


class _Run:
    """The state of one point while it is made."""

    def __init__(self, point: Point, folder: Path, reference: Reference | None) -> None:
        self.point = point
        self.log = folder / "output.txt"
        self.setting = Setting(point.scenario, folder, point.max_parallel, point.durability, point.through)
        self.reference = reference
        self.verdict = Verdict(point, folder=str(folder))
        self.kills: Counter[str] = Counter()  # by name: kills at which it was in flight
        self.resets = 0
        self.loses = False  # whether commits that had returned may be missing
        self.forgotten: Counter[str] = Counter()  # by name: runs of which the journal knows nothing

    def wrong(self, where: str, *texts: str) -> None:
        self.verdict.problems += [f"{where}: {text}" for text in texts]

    def look(self, where: str) -> dict[str, Any]:
        seen: dict[str, Any] = ask_child(self.log, look, self.point.scenario, self.setting.folder)
        self.wrong(where, *seen["problems"])
        if not self.loses:
            self.wrong(where, *seen["strangers"])
        return seen

    def start(self, kill: Hit) -> Ended:
        return self._hit(kill, in_child(self.log, steps.start, self.setting, kill))

    def resume(self, kill: Hit = None, *, reset: bool = False, accept: bool = False) -> Ended:
        self.resets += reset
        return self._hit(kill, in_child(self.log, _resume, self.setting, kill, (reset, accept)))

    def _hit(self, hit: Hit, ended: Ended) -> Ended:
        """What there is to say of a runner that met a fault which it survives; the fault's cause is gone then."""
        if hit is not None and not isinstance(hit, Kill):
            hit.undo(journal_of(self.setting.folder))
            if ended.answer is not None and hit.exits is not None:
                self.wrong(f"under {hit}", *self._badly_told(ended.answer, hit.exits))
        return ended

    def _badly_told(self, answer: dict[str, Any], exits: tuple[int, ...]) -> list[str]:
        journal = str(journal_of(self.setting.folder))
        found = []
        if answer["exit"] not in (0, ASKS, *exits):
            found.append(f"it ended with exit code {answer['exit']}: {answer['text']}")
        if answer["exit"] == STORAGE and journal not in answer["text"]:
            found.append(f"the message does not name the file: {answer['text']}")
        if "Traceback" in self.log.read_text() or "Traceback" in answer["text"]:
            found.append(f"a traceback was shown: {self.log.read_text()[-3000:]}")
        return found


def _resume(setting: Setting, kill: Hit, said: tuple[bool, bool]) -> dict[str, Any]:
    reset, accept = said
    return steps.resume(setting, kill, reset=reset, accept=accept)


def make(point: Point, folder: Path, reference: Reference | None) -> Verdict:
    """Make the point in `folder`, which is removed when nothing is wrong.

    reference  what to compare with; None makes the reference itself
    """
    folder.mkdir(parents=True)
    run = _Run(point, folder, reference)
    with disks.of_its_own(folder / steps.DISK, point.disk_kb):
        try:
            ask_child(run.log, steps.prepare, run.setting)
            _kill_and_resume(run)
        except StepFailed as error:
            run.wrong("step", str(error))
        finally:
            ask_child(run.log, steps.clean, run.setting)
    if not run.verdict.problems:
        shutil.rmtree(folder)
    return run.verdict


def refer(point: Point, folder: Path) -> Reference:
    """The undisturbed run of the point's scenario.

    raises  StepFailed when it does not even end well by itself
    """
    folder.mkdir(parents=True)
    run = _Run(point, folder, None)
    try:
        ask_child(run.log, steps.prepare, run.setting)
        answer = _answer(run.start(None), run)
        seen = run.look("undisturbed")
        problems = [*run.verdict.problems, *ask_child(run.log, steps.finish, run.setting)]
        if answer["exit"] != 0 or problems:
            text = f"the undisturbed run of {point.scenario} is not well: {answer} {problems}\n{run.log.read_text()}"
            raise StepFailed(text)
    finally:
        ask_child(run.log, steps.clean, run.setting)
    shutil.rmtree(folder)
    base = {name: begun for name, (begun, _, _) in seen["ran"].items()}
    return Reference(seen["normal"], base, answer["commits"])


def _answer(ended: Ended, run: _Run) -> dict[str, Any]:
    if ended.signal or ended.answer is None:
        text = f"signal {ended.signal}, code {ended.code}\n{run.log.read_text()[-4000:]}"
        raise StepFailed(text)
    answer: dict[str, Any] = ended.answer
    return answer


def go_on_from(point: Point, folder: Path, reference: Reference, before: Callable[[], list[str]]) -> Verdict:
    """Resume from a journal as something else has left it in `folder`, which stays.

    point   its kills are left out; under `process` commits that had returned may be missing
    before  what a person does first, once it has been looked at; gives what is wrong
    """
    run = _Run(point, folder, reference)
    run.loses = point.durability == "process"
    try:
        seen = run.look("after the cut")
        run.kills.update(seen.get("handed_out", ()))
        if run.loses:
            run.forgotten = judge.forgotten(seen)
            run.kills.update(run.forgotten)
        run.wrong("after the cut", *before())
        _go_on(run, seen)
    except StepFailed as error:
        run.wrong("step", str(error))
    finally:
        ask_child(run.log, steps.clean, run.setting)
    return run.verdict


def count(point: Point, folder: Path) -> dict[str, int]:
    """Calls on the journal's files, by kind, of the runner that the last kill would hit.

    raises  StepFailed when it does not get as far as that
    """
    folder.mkdir(parents=True)
    run = _Run(point, folder, None)
    try:
        ask_child(run.log, steps.prepare, run.setting)
        hits = (*point.kills[:-1], Strike("count", 0))
        ended = run.start(hits[0])
        for hit in hits[1:]:
            ended = run.resume(hit)
        calls: dict[str, int] = _answer(ended, run)["calls"]
    finally:
        ask_child(run.log, steps.clean, run.setting)
    shutil.rmtree(folder)
    return calls


def _stopped(ended: Ended, hit: Hit) -> bool:
    """Whether its runner is gone before the execution's end: killed, or the disk would not have it."""
    if ended.signal or hit is None or isinstance(hit, Kill):
        return bool(ended.signal)
    if hit.exits is None:
        return ended.answer is None or ended.answer["exit"] not in (0, ASKS)
    code = ended.code if ended.answer is None else ended.answer["exit"]  # a second signal ends the process at once
    return code in hit.exits


def _kill_and_resume(run: _Run) -> None:
    kill = run.point.kills[0]
    ended, seen = run.start(kill), {}
    for number, kill in enumerate(run.point.kills):
        if number:
            ended = run.resume(kill)
        if not _stopped(ended, kill):
            break  # it ended before its n-th commit or call
        seen = run.look(f"after {kill}")
        run.kills.update(seen.get("handed_out", ()))
    if not _stopped(ended, kill):
        if _answer(ended, run)["exit"] == CANCELLED:
            _resume_cancelled(run)
            return
        run.verdict.commits = _answer(ended, run).get("commits", 0)
        run.verdict.way = "absorbed" if _answer(ended, run).get("struck") else "ended"
        if len(run.point.kills) == 1:
            _check_end(run, _answer(ended, run))
            return
        seen = run.look("after the first kill")
    _go_on(run, seen)


def _go_on(run: _Run, seen: dict[str, Any]) -> None:
    """From what was seen after the last kill to the end."""
    _past_an_unreadable_head(run)
    if seen["state"] is None:
        run.verdict.way = "nothing"
        _check_end(run, _answer(run.start(None), run))
        return
    if seen["state"] not in ("interrupted", "terminated"):
        run.wrong("after the kill", f"it is shown as {seen['state']}")
    if seen["state"] == "terminated":  # killed after its last commit
        run.verdict.way = "plain"
        _check_end(run, {"exit": 0, "asks": [], "text": "terminated"})
        return
    _resume_as_a_person(run, seen)


def _past_an_unreadable_head(run: _Run) -> None:
    """Where half of the head file was written: a resume must be refused (L6), and then a person goes on."""
    if not isinstance(head.read(journal_of(run.setting.folder)), head.Unreadable):
        return
    answer = _answer(run.resume(), run)
    if answer["exit"] != HeadUnreadable.exit_code or "cannot be read" not in answer["text"]:
        run.wrong("resume", f"the head file cannot be read, and it said {answer}")
    ask_child(run.log, steps.accept_loss, run.setting)


def _resume_cancelled(run: _Run) -> None:
    """It was cancelled in order: nothing is unknown, and a resume goes on where it was."""
    run.verdict.way = "cancelled"
    seen = run.look("after the cancel")
    if seen["state"] != "cancelled" or seen["in_flight"]:
        run.wrong("after the cancel", f"it is {seen['state']}, in flight {seen['in_flight']}")
    _check_end(run, _answer(run.resume(accept=True), run))


def _resume_as_a_person(run: _Run, before: dict[str, Any]) -> None:
    asks = {name for name, how in before["in_flight"].items() if how == "ask"}
    answer = _answer(run.resume(), run)
    if not asks:
        run.verdict.way = "plain"
        _check_end(run, answer)
        return
    run.verdict.way = "asked"
    seen = run.look("after the resume that asks")
    numbers = sorted(seen["numbers"][name] for name in asks & seen["numbers"].keys())
    if answer["exit"] != ASKS or not _names(answer, numbers):
        run.wrong("resume", f"should ask about {sorted(asks)} {numbers}, gave {answer}")
    if seen["state"] != "interrupted" or seen["in_flight"].keys() != asks:
        run.wrong("resume", f"it is {seen['state']}, in flight {seen['in_flight']}, not {asks}")
    run.wrong("resume", *[f"did not run {task}, which waits for nothing unknown" for task in seen["idle"]])
    again = [name for name in asks if seen["ran"].get(name) != before["ran"].get(name)]
    run.wrong("resume", *[f"ran {name} again unasked" for name in again])
    _check_second_resume(run, answer, seen)
    _check_end(run, _answer(run.resume(reset=True), run))


def _names(answer: dict[str, Any], numbers: list[int]) -> bool:
    """Whether it says which tasks it asks about."""
    if answer["asks"] is None:
        return all(f"task {number}:" in answer["text"] for number in numbers)
    return bool(answer["asks"] == numbers)


def _check_second_resume(run: _Run, answer: dict[str, Any], seen: dict[str, Any]) -> None:
    again = _answer(run.resume(), run)
    after = run.look("after the second resume")
    if (again["exit"], again["asks"]) != (answer["exit"], answer["asks"]):
        run.wrong("second resume", f"gave {again}, the first {answer}")
    if seen["ran"] != after["ran"]:
        run.wrong("second resume", "ran something")
    one, other = without_owner(seen["dump"]), without_owner(after["dump"])
    run.wrong("second resume", *differences(one, other))


def _check_end(run: _Run, answer: dict[str, Any]) -> None:
    """The execution has terminated, everything ran as often as it may, and the storage is as if undisturbed."""
    seen = run.look("at the end")
    if answer["exit"] != 0 or seen["state"] != "terminated":
        run.wrong("at the end", f"it is {seen['state']}, and the runner said {answer}")
        return
    if run.reference is None:
        return
    run.wrong("at the end", *seen["strangers"], *differences(run.reference.normal, seen["normal"]))
    run.wrong("at the end", *ask_child(run.log, steps.finish, run.setting))
    for name in sorted(run.reference.base.keys() | seen["ran"].keys()):
        _check_runs(run, name, seen)


def _check_runs(run: _Run, name: str, seen: dict[str, Any]) -> None:
    base = run.reference.base.get(name, 0) if run.reference is not None else 0
    begun, ended, keys = seen["ran"].get(name, (0, 0, 0))
    most = base + run.kills[name]
    if not base <= begun <= most or ended < base:
        run.wrong("runs", f"{name} began {begun} times and ended {ended} times; {base} to {most} are right")
    lost = run.forgotten[name]
    if begun - lost > seen["attempts"].get(name, 0):
        run.wrong("runs", f"{name} began {begun} times, and the journal has {seen['attempts'].get(name, 0)} attempts")
    if keys > 1 + run.resets + lost:
        run.wrong("runs", f"{name} was given {keys} idempotency keys")
    run.verdict.repeated += begun > base
