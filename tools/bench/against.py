"""The engine and its peers in turns: each in processes of its own, driven in the same way.

A turn takes less than a second: how much is run in it is found in the turns before the first that is measured.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple, Self

from tools.bench import environments
from tools.bench.environments import DRIVERS, Peer, Unavailable

OURS = DRIVERS / "ours_driver.py"
TRIAL = 50  # tasks of the turns that only show how fast a side is
MOST = 10_000
SLICE_S = 0.4
ROUNDS = 3  # at least
REPLAYED = {"ours": 5_000, "theirs": 1_000}
PATIENCE_S = 300.0


class Pair(NamedTuple):
    """What is compared with what.

    goal  whose figure it is; of two pairs with the same goal the lower one is
    """

    ours: str
    peer: str
    theirs: str
    goal: str | None = None


PAIRS = (
    Pair("wide power", "dbos", "wide", "P2"),
    Pair("wide power", "dbos", "chain", "P2"),
    Pair("standard power", "dbos", "chain", "P7"),
    Pair("wide power", "cloudify-common", "wide", "P3"),
    Pair("wide power", "cloudify-common", "wide silent"),
    Pair("chain process", "cloudify-common", "chain", "P6"),
    Pair("chain process", "cloudify-common", "chain silent"),
    Pair("wide power", "huey", "wide"),
    Pair("standard power", "huey", "chain"),
)
REPLAY = Pair("replay standard", "dbos", "replay", "P9")


class Session:
    """A driver that runs, and answers.

    patience_s    after which one that does not answer is killed
    was_given_up  whether it was

    raises  Unavailable wherever it does not answer
    """

    def __init__(self, python: Path | str, driver: Path, folder: Path, *, patience_s: float = PATIENCE_S) -> None:
        self.was_given_up = False
        self._patience_s = patience_s
        self._errors = folder / "stderr"
        with self._errors.open("w") as errors:
            self._process = subprocess.Popen(
                [str(python), str(driver), "serve", str(folder)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True,
            )  # fmt: skip
        try:
            self.shapes: list[str] = self._answer()["shapes"]
        except BaseException:
            self.close()
            raise

    def run(self, shape: str, count: int) -> float:
        """Seconds for `count` tasks."""
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe, as asked for
        try:
            self._process.stdin.write(json.dumps({"run": shape, "count": count}) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise Unavailable(f"its driver has ended: {_last_line(self._errors)}") from error
        answer = self._answer()
        if "error" in answer:
            raise Unavailable(answer["error"].splitlines()[0])
        return float(answer["seconds"])

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None  # noqa: S101 - as above
        patience = threading.Timer(self._patience_s, self._give_up)
        patience.start()
        line = self._process.stdout.readline()
        patience.cancel()
        if not line:
            self._process.wait()
            raise Unavailable(f"its driver has ended: {_last_line(self._errors)}")
        return dict(json.loads(line))

    def _give_up(self) -> None:
        self.was_given_up = True
        self._process.kill()

    def close(self) -> None:
        """End the driver, which ends when its stdin does."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(slots=True)
class Turns:
    """What one pair took.

    our_count, their_count  tasks of a turn
    """

    pair: Pair
    our_count: int
    their_count: int
    ours_s: list[float] = field(default_factory=list)
    theirs_s: list[float] = field(default_factory=list)

    def result(self) -> dict[str, Any]:
        """As it stands in the JSON file."""
        return {
            **self.pair._asdict(), "our_count": self.our_count, "their_count": self.their_count,
            "ours_s": self.ours_s, "theirs_s": self.theirs_s,
        }  # fmt: skip


def measure(folder: Path, *, rounds: int, quick: bool = False) -> dict[str, Any]:
    """All pairs; a peer that cannot be measured is named with the reason.

    gives  {"versions": {name: [package==version, …]}, "absent": {name: reason}, "pairs": [Turns.result(), …]}
    """
    versions: dict[str, list[str]] = {}
    absent: dict[str, str] = {}
    pairs: list[dict[str, Any]] = []
    for peer in environments.PEERS:
        found: list[dict[str, Any]] = []
        try:
            python = environments.python_of(peer)
            versions[peer.name] = environments.packages(python)
            found += compare(peer, python, folder / peer.name, max(rounds, ROUNDS))
            if peer.name == REPLAY.peer:
                found.append(replays(peer, python, folder / f"{peer.name}-replay", max(rounds, ROUNDS), quick=quick))
        except Unavailable as error:
            absent[peer.name] = str(error)
            print(f"{peer.name}: {error}", file=sys.stderr, flush=True)
        pairs += found
    return {"versions": versions, "absent": absent, "pairs": pairs}


def compare(peer: Peer, python: Path | str, folder: Path, rounds: int) -> list[dict[str, Any]]:
    """The pairs of one peer, in shuffled turns."""
    mine, other = folder / "ours", folder / "theirs"
    for path in (mine, other):
        path.mkdir(parents=True)
    pairs = [pair for pair in PAIRS if pair.peer == peer.name]
    with Session(sys.executable, OURS, mine) as ours, Session(python, peer.driver_path, other) as theirs:
        turns = [Turns(pair, fitting(ours, pair.ours), fitting(theirs, pair.theirs)) for pair in pairs]
        for number in range(rounds):
            for turn in random.sample(turns, len(turns)):
                sides = [
                    (turn.ours_s, ours, turn.pair.ours, turn.our_count),
                    (turn.theirs_s, theirs, turn.pair.theirs, turn.their_count),
                ]
                for seconds, session, shape, count in random.sample(sides, 2):
                    seconds.append(session.run(shape, count))
            print(f"{peer.name}: round {number + 1} of {rounds}", file=sys.stderr, flush=True)
    return [turn.result() for turn in turns]


def fitting(session: Session, shape: str) -> int:
    """How many tasks fill a turn: 1, 2 or 5 times a power of ten."""
    if shape not in session.shapes:
        raise Unavailable(f"its driver has no {shape}")
    session.run(shape, TRIAL)  # imports, and makes its files
    count = TRIAL
    for _ in range(4):  # a start costs much of a short turn, so that a longer one shows that more would fit
        more = rounded(count * SLICE_S / session.run(shape, count))
        if more <= count:
            return more
        count = more
    return count


def rounded(count: float) -> int:
    """The largest of 1, 2, 5, 10, 20, … up to it, within TRIAL and MOST."""
    steps = [step * 10**power for power in range(6) for step in (1, 2, 5)]
    return max([step for step in steps if step <= count and TRIAL <= step <= MOST] or [TRIAL])


def replays(peer: Peer, python: Path | str, folder: Path, rounds: int, *, quick: bool) -> dict[str, Any]:
    """Workflows that were killed after many steps, resumed again and again from copies of what they left."""
    small = 10 if quick else 1
    turns = Turns(REPLAY, REPLAYED["ours"] // small, REPLAYED["theirs"] // small)
    sides = [
        (turns.ours_s, folder / "ours", Path(sys.executable), OURS, turns.our_count),
        (turns.theirs_s, folder / "theirs", Path(python), peer.driver_path, turns.their_count),
    ]
    for _, path, interpreter, driver, count in sides:
        path.mkdir(parents=True)
        _once(interpreter, driver, "fill", path, count)
    for _ in range(rounds):
        for seconds, path, interpreter, driver, _count in random.sample(sides, 2):
            copy = path.with_suffix(".copy")
            shutil.copytree(path, copy)
            seconds.append(float(json.loads(_once(interpreter, driver, "replay", copy))["seconds"]))
            shutil.rmtree(copy)
    return turns.result()


def _once(python: Path, driver: Path, what: str, *arguments: object) -> str:
    """Run a driver once; what it printed. A `fill` ends by a SIGKILL of its own."""
    command = [str(python), str(driver), what, *map(str, arguments)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"its {what} has not ended in {PATIENCE_S:.0f} s") from error
    if done.returncode != (-9 if what == "fill" else 0):
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise Unavailable(f"its {what} failed: {lines[-1]}")
    return done.stdout


def rates(pair: dict[str, Any]) -> list[float]:
    """Our rate over theirs, of each two turns that were taken one after the other."""
    mine = [pair["our_count"] / seconds for seconds in pair["ours_s"]]
    other = [pair["their_count"] / seconds for seconds in pair["theirs_s"]]
    return [one / two for one, two in zip(mine, other, strict=True)]


def goals_of(pairs: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """For each goal its pair; of several the one in which we are slower."""
    found: dict[str, dict[str, Any]] = {}
    for pair in pairs:
        goal = pair["goal"]
        if goal is not None and (goal not in found or median(rates(pair)) < median(rates(found[goal]))):
            found[goal] = pair
    return found


def _last_line(path: Path) -> str:
    lines = path.read_text().strip().splitlines()
    return lines[-1] if lines else "it said nothing"
