"""What was measured, as people read it: tables and a picture, made from the JSON alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import truediv
from pathlib import Path
from statistics import median
from typing import Any

from tools.bench import against, environments, picture, runs
from tools.bench.goals import GOALS, LIMITS, Spread, short, verdict

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
JSON, PAGE, PICTURE = DOCS / "benchmark.json", DOCS / "performance.md", DOCS / "benchmark.svg"
README = DOCS.parent / "README.md"
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"


def write(found: Mapping[str, Any]) -> None:
    """Put it into the page and the README, between their markers, and the picture beside the page."""
    PICTURE.write_text(picture_of(found))
    PAGE.write_text(inserted(PAGE.read_text(), lines_of(found)))
    README.write_text(inserted(README.read_text(), summary_of(found)))


def summary_of(found: Mapping[str, Any]) -> list[str]:
    """What a newcomer wants to know: the goals that have a reference."""
    cores = found["cores"]
    lines = [f"At commit {found['commit']}, {found['date']}, on {cores} shared and busy cores:", ""]
    lines += ["| measure | measured | goal | |", "|---|---|---|---|"]
    for goal in GOALS:
        value = found["goals"].get(goal.name)
        if value is not None and goal.name.startswith("P"):
            sign = "≤" if goal.at_most else "≥"
            limit = f"{sign} {short(goal.limit)}{goal.unit}"
            lines.append(f"| {goal.about} | {short(value)}{goal.unit} | {limit} | {verdict(goal, value)} |")
    return lines


def inserted(text: str, lines: Iterable[str], markers: tuple[str, str] = (BEGIN, END)) -> str:
    """The text of a page with these lines between its markers."""
    begin, end = markers
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return "\n".join([f"{before}{begin}", *lines, f"{end}{after}"])


def lines_of(found: Mapping[str, Any], *, drawn: bool = True) -> list[str]:
    """All of it. drawn: whether the picture is shown."""
    lines = [f"Commit {found['commit']}, {found['date']}, Python {found['python']}, SQLite {found['sqlite']}.", ""]
    if drawn:
        lines += [f"![Rates against the peers and against the floor, on a logarithmic scale]({PICTURE.name})", ""]
    for table in (_goals(found), _peers(found), _runs(found), _figures(found)):
        if table:
            lines += [*table, ""]
    return lines[:-1]


def _goals(found: Mapping[str, Any]) -> list[str]:
    lines = ["| goal | what | tasks | measured | limit | |", "|---|---|---|---|---|---|"]
    values, tasks = found.get("goal_values", {}), found.get("goal_tasks", {})
    for goal in GOALS:
        if goal.name in found["goals"]:
            value = found["goals"][goal.name]
            spread = Spread(tuple(values.get(goal.name, (value,))))
            at = short(tasks[goal.name]) if goal.name in tasks else ""
            limit = f"{'at most' if goal.at_most else 'at least'} {short(goal.limit)}{goal.unit}"
            lines.append(
                f"| {goal.name} | {goal.about} | {at} | {spread}{goal.unit} | {limit} | {verdict(goal, value)} |"
            )
    return lines if len(lines) > len(_HEAD) else []


_HEAD = ("names", "rule")  # lines of a table that holds nothing


def _runs(found: Mapping[str, Any]) -> list[str]:
    names = (
        "shape", "tasks", "threads", "payload", "durability", "engine, tasks/s", "floor, tasks/s", "engine/floor",
        "tasks a transaction", "journal bytes a task",
    )  # fmt: skip
    lines = [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
    for cell in found["runs"]:
        count = cell["count"]
        engine = Spread(tuple(count / seconds for seconds in cell["engine_s"]))
        floor = Spread(tuple(count / seconds for seconds in cell["floor_s"]))
        batch = median(count / transactions for transactions in cell["transactions"])
        lines.append(
            f"| {cell['shape']} | {short(count)} | {cell.get('workers', runs.WORKERS)} | {_payload(cell)} "
            f"| {cell['durability']} | {engine} | {floor} | {_against_floor(cell).median:.2f} | {batch:.1f} "
            f"| {short(cell['file_bytes'] / count)} |"
        )
    return lines if len(lines) > len(_HEAD) else []


def _payload(cell: Mapping[str, Any]) -> str:
    size = cell.get("payload", 0)
    return f"{size // 1024} KB" if size >= 1024 else str(size)  # noqa: PLR2004 - bytes of a KB


def _against_floor(cell: Mapping[str, Any]) -> Spread:
    return Spread(tuple(map(truediv, cell["floor_s"], cell["engine_s"])))


def _peers(found: Mapping[str, Any]) -> list[str]:
    peers = found.get("peers")
    if peers is None:
        return []
    lines = [
        "| here | tasks | there | | tasks | here/there, rates | goal |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {pair['ours']} | {short(pair['our_count'])} | {_title(pair['peer'])} | {pair['theirs']} "
        f"| {short(pair['their_count'])} | {Spread(tuple(against.rates(pair)))}× | {pair['goal'] or ''} |"
        for pair in peers["pairs"]
    ]
    lines += [f"| | | {_title(name)} | not measured: {_cell(why)} | | | |" for name, why in peers["absent"].items()]
    return lines


def _title(name: str) -> str:
    return next((f"{peer.title} ({peer.version})" for peer in environments.PEERS if peer.name == name), name)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _figures(found: Mapping[str, Any]) -> list[str]:
    figures = found.get("figures", [])
    lines = ["| what | tasks | measured |", "|---|---|---|"]
    lines += [
        f"| {figure['what']} | {short(figure['tasks'])} | {Spread(tuple(figure['values']))} {figure['unit']} |"
        for figure in figures
    ]
    return lines if figures else []


def picture_of(found: Mapping[str, Any]) -> str:
    """Rates against the peers, and against the floor: of each shape the largest that was measured."""
    chosen: dict[tuple[str, str, str], Mapping[str, Any]] = {}
    for cell in found["runs"]:
        kind = (cell["shape"], cell["durability"], _payload(cell))
        usual = cell.get("workers", runs.WORKERS) == runs.WORKERS
        if usual and (kind not in chosen or cell["count"] > chosen[kind]["count"]):
            chosen[kind] = cell
    floors = [
        _bar(f"{shape}{'' if size == '0' else f' of {size}'}, {short(cell['count'])} tasks, {durability}",
             _against_floor(cell))
        for (shape, durability, size), cell in chosen.items()
    ]  # fmt: skip
    pairs = found.get("peers", {}).get("pairs", [])
    reached = against.goals_of(pairs)
    others = [
        _bar(
            f"{pair['ours']} / {pair['peer']} {pair['theirs']}",
            Spread(tuple(against.rates(pair))),
            LIMITS[pair["goal"]] if reached.get(pair["goal"]) is pair else None,
        )
        for pair in pairs
    ]
    return picture.draw(
        "Rates of durable-wf; longer to the right is faster, the red mark is the goal",
        [("against others", others), ("against plain sqlite3 that writes the same rows (the floor)", floors)],
    )


def _bar(label: str, spread: Spread, limit: float | None = None) -> picture.Bar:
    return picture.Bar(label, spread.median, min(spread.values), max(spread.values), limit)
