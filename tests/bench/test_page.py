"""The page, the picture and the JSON say the same; the picture is one that a browser can draw."""

import json
import math
from xml.etree import ElementTree as ET

import pytest

from tools.bench import engine, page, picture
from tools.bench.picture import Bar

SVG = "{http://www.w3.org/2000/svg}"
CELL = {
    "shape": "payload", "count": 100, "durability": "power", "workers": 16, "payload": 1_024,
    "engine_s": [0.2, 0.4, 0.2], "floor_s": [0.1, 0.1, 0.1], "transactions": [10, 10, 20], "wal_bytes": 1,
    "file_bytes": 5_000,
}  # fmt: skip
PAIR = {
    "ours": "wide power", "peer": "dbos", "theirs": "wide", "goal": "P2", "our_count": 1_000, "their_count": 100,
    "ours_s": [0.1, 0.2, 0.1], "theirs_s": [0.5, 0.5, 0.5],
}  # fmt: skip
FOUND = {
    "commit": "abc", "date": "2026-01-01", "python": "3.11", "sqlite": "3.40", "cores": "2", "runs": [CELL],
    "goals": {"P2": 50.0, "P8": 5.0}, "goal_values": {"P2": [25.0, 50.0, 50.0]}, "goal_tasks": {"P2": 1_000},
    "figures": [{"what": "time to the first task", "tasks": 1_000, "unit": "ms", "values": [1.0, 2.0, 3.0]}],
    "peers": {"versions": {}, "absent": {"huey": "no | network"}, "pairs": [PAIR, {**PAIR, "theirs": "chain"}]},
}  # fmt: skip


def test_the_page_the_picture_and_the_json_agree():
    found = json.loads(page.JSON.read_text())
    text = page.PAGE.read_text()
    assert page.inserted(text, page.lines_of(found)) == text, "run tools/bench/engine.py --render"
    assert page.PICTURE.read_text() == page.picture_of(found), "run tools/bench/engine.py --render"
    readme = page.README.read_text()
    assert page.inserted(readme, page.summary_of(found)) == readme, "run tools/bench/engine.py --render"


@pytest.mark.parametrize("file", [page.PAGE, page.README], ids=lambda file: file.name)
def test_the_page_has_room_for_the_table(file):
    text = file.read_text()
    assert text.count(page.BEGIN) == text.count(page.END) == 1


def test_render_makes_page_and_picture_from_the_json_alone(tmp_path, monkeypatch):
    for name, file in {"JSON": "b.json", "PAGE": "p.md", "PICTURE": "b.svg", "README": "r.md"}.items():
        monkeypatch.setattr(page, name, tmp_path / file)
    page.JSON.write_text(json.dumps(FOUND))
    for file in (page.PAGE, page.README):
        file.write_text(f"before\n{page.BEGIN}\nold\n{page.END}\nafter\n")
    assert engine.main(["--render"]) == 0
    text = page.PAGE.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "old" not in text
    assert "(b.svg)" in text
    assert page.inserted(page.README.read_text(), page.summary_of(FOUND)) == page.README.read_text()
    assert "old" not in page.README.read_text()
    assert page.PICTURE.read_text() == page.picture_of(FOUND)


def test_each_figure_states_its_number_of_tasks_its_median_and_its_bounds():
    lines = page.lines_of(FOUND)
    assert (
        "| P2 | wide, power: rate against DBOS, the faster of its gather and its chain | 1 000 "
        "| 50 (25–50)× | at least 40× | met |" in lines
    )
    assert "| P8 | resume of finished tasks: time against SELECT and DiGraph |  | 5× | at most 4× | missed |" in lines
    assert "| payload | 100 | 16 | 1 KB | power | 500 (250–500) | 1 000 (1 000–1 000) | 0.50 | 10.0 | 50 |" in lines
    assert "| time to the first task | 1 000 | 2 (1–3) ms |" in lines
    assert "| wide power | 1 000 | DBOS Transact, SQLite (3.4.0) | wide | 100 | 50 (25–50)× | P2 |" in lines


def test_a_peer_that_was_not_measured_is_in_the_table_with_the_reason():
    assert "| | | huey, SqliteHuey (3.5.4) | not measured: no \\| network | | | |" in page.lines_of(FOUND)


def test_without_peers_and_figures_there_is_no_table_of_them():
    lines = page.lines_of({key: FOUND[key] for key in ("commit", "date", "python", "sqlite", "runs", "goals")})
    assert not any(line.startswith(("| here |", "| what |")) for line in lines)


# ------------------------------------------------------------------------------------------------------ the picture


def drawn(*bars):
    return ET.fromstring(picture.draw("a < b", [("heading & more", bars), ("empty", [])]))  # noqa: S314 - our own text


def bars_of(tree):
    return [(one.get("class"), float(one.get("x")), float(one.get("width"))) for one in tree.iter(f"{SVG}rect")]


def test_bars_grow_from_one_to_either_side_by_the_logarithm():
    tree = drawn(Bar("fast", 10.0, 9.0, 11.0), Bar("slow", 0.1, 0.09, 0.2), Bar("faster", 100.0, 100.0, 100.0))
    (fast, at, width), (slow, below, width_below), (_, at_too, width_of_two) = bars_of(tree)
    assert (fast, slow) == ("ahead", "behind")
    assert math.isclose(width, width_below, abs_tol=0.2)
    assert math.isclose(width_of_two, 2 * width, abs_tol=0.2)
    assert math.isclose(below + width_below, at, abs_tol=0.2)
    assert at == at_too


def test_a_limit_is_marked_where_its_ratio_stands():
    tree = drawn(Bar("one", 10.0, 10.0, 10.0, limit=100.0), Bar("two", 100.0, 100.0, 100.0))
    (limit,) = [one for one in tree.iter(f"{SVG}line") if one.get("class") == "limit"]
    _, (_, at, width) = bars_of(tree)
    assert math.isclose(float(limit.get("x1")), at + width, abs_tol=0.2)


def test_labels_and_values_are_there_and_escaped_and_empty_panels_are_left_out():
    tree = drawn(Bar("x < y", 2.5, 2.0, 3.0))
    texts = [one.text for one in tree.iter(f"{SVG}text")]
    assert {"a < b", "heading & more", "x < y", "2.5×", "1×", "10×"} <= set(texts)
    assert "empty" not in texts


def test_everything_lies_within_the_picture():
    bars = [Bar(f"bar {number}", 10.0**number, 10.0**number / 2, 10.0**number * 2, 40.0) for number in range(-3, 4)]
    tree = drawn(*bars)
    width, height = float(tree.get("width")), float(tree.get("height"))
    for one in tree.iter():
        for name, limit in (("x", width), ("x1", width), ("x2", width), ("y", height), ("y1", height), ("y2", height)):
            assert 0 <= float(one.get(name, 0)) <= limit


def test_it_has_colours_for_dark_ground():
    assert "prefers-color-scheme: dark" in picture.draw("a", [("b", [Bar("c", 2.0, 2.0, 2.0)])])


@pytest.mark.parametrize("goal", ["P2", None])
def test_of_two_pairs_with_one_goal_the_lower_one_carries_the_mark(goal):
    slower = {**PAIR, "theirs": "chain", "theirs_s": [0.1, 0.1, 0.1], "goal": goal}
    text = page.picture_of({**FOUND, "peers": {"pairs": [PAIR, slower]}})
    assert text.count('class="limit"') == 1
    tree = ET.fromstring(text)  # noqa: S314 - our own text
    (limit,) = [one for one in tree.iter(f"{SVG}line") if one.get("class") == "limit"]
    first, second, *_ = [float(one.get("y")) for one in tree.iter(f"{SVG}rect")]
    near = second if goal else first
    assert abs(float(limit.get("y1")) - near) < picture.ROW / 2
