"""What really happened, from the operations' own files and the servers' own answers; and how to end it all.

Nothing here asks the engine or its journal: that is the point.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import server, servers
from .files import read_lines, remove_tree
from .recording import FOLDERS, MARKER

SERVERS: Mapping[str, int] = {"database": 1, "app": 6, "load_balancer": 1}
"""How many of each role the blueprint starts."""


@dataclass(frozen=True, slots=True)
class Runs:
    """How often one operation of one instance ran.

    begun    it began
    ended    it came to its end
    raised   it raised an error; begun - ended - raised runs were killed
    keys     the idempotency keys that it was given, each once, in order
    """

    begun: int
    ended: int
    raised: int
    keys: tuple[str, ...]

    @property
    def killed(self) -> int:
        return self.begun - self.ended - self.raised


def count_runs(scratch: Path) -> dict[tuple[str, str], Runs]:
    """For each (operation, instance) that ever ran: how often; in their order."""
    found: dict[tuple[str, str], Runs] = {}
    for path in sorted((scratch / "ran").glob("*.jsonl")):
        lines = read_lines(path)
        if not lines:  # killed when the file was made and nothing was written yet
            continue
        moments = Counter(line["moment"] for line in lines)
        keys = tuple(dict.fromkeys(line["key"] for line in lines if line["key"]))
        name = (lines[0]["operation"], lines[0]["instance"])
        found[name] = Runs(moments["begin"], moments["end"], moments["raised"], keys)
    return dict(sorted(found.items()))


def book(scratch: Path, name: str) -> list[dict[str, Any]]:
    """The rows of `ledger`, `register` or `licences`: what the operations that are not safe to repeat have done."""
    return read_lines(scratch / "books" / f"{name}.jsonl")


def started(scratch: Path) -> list[servers.Server]:
    """The servers that were started below the scratch folder, whether or not they live."""
    found = (servers.recorded(folder) for folder in _server_folders(scratch))
    return sorted((one for one in found if one), key=lambda one: one.instance)


def living(scratch: Path) -> list[servers.Server]:
    """Those whose process lives."""
    return [one for one in started(scratch) if one.process()]


def problems(scratch: Path, expected: Mapping[str, int] = SERVERS) -> list[str]:
    """What is wrong with the shop, one sentence each; none when every server answers as it should."""
    found: list[str] = []
    alive = living(scratch)
    answers: dict[str, dict[str, Any]] = {}
    for one in alive:
        try:
            answers[one.instance] = servers.ask(one)
        except servers.ServerError as error:
            found.append(str(error))
    for role, count in expected.items():
        lives = sum(one.role == role for one in alive)
        if lives != count:
            found.append(f"{count} of {role} should live, {lives} do")
    prices = {row["database"]: row["price"] for row in book(scratch, "ledger")}
    apps = [one.instance for one in alive if one.role == "app"]
    for instance in apps:
        price = answers.get(instance, {}).get("price")
        if instance in answers and price not in prices.values():
            found.append(f"{instance} answers {price}, which stands in no database")
    for balancer in (one for one in alive if one.role == "load_balancer"):
        found += _unreached(balancer, apps)
    return found


def _unreached(balancer: servers.Server, apps: list[str]) -> list[str]:
    """A round of requests must meet every application once."""
    try:
        met = Counter(servers.ask(balancer).get("app") for _ in apps)
    except servers.ServerError as error:
        return [str(error)]
    return [f"{balancer.instance} reaches {app} {met[app]} times a round" for app in apps if met[app] != 1]


def clean(scratch: Path) -> list[int]:
    """End every server and remove all that the example made; returns the pids that lived.

    Works after the engine was killed, and while a server is just starting. A folder without our mark is left as it
    is; one that holds anything else too is kept, with that in it. Safe to repeat.
    """
    if not (scratch / MARKER).exists():
        return []
    with servers.no_start_in(_server_folders(scratch)):
        ended = servers.end(started(scratch))
        for name in FOLDERS:
            remove_tree(scratch / name)
    (scratch / MARKER).unlink()
    if not any(scratch.iterdir()):
        scratch.rmdir()
    return ended


def _server_folders(scratch: Path) -> list[Path]:
    return sorted(path.parent for path in scratch.glob(f"hosts/*/*/{server.BOOT_LOCK}"))
