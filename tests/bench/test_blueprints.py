"""The benchmark of blueprints, with ourselves as the peer."""

import json
import sys

import pytest

from tools.bench import blueprints, page
from tools.bench.against import Unavailable
from tools.bench.blueprints import OURS


def test_sizes_are_measured_in_turns(tmp_path):
    found = blueprints.measure(tmp_path, sys.executable, OURS, (20, 60), 2, 60.0)
    assert [(size["count"], len(size["alone_s"]), len(size["ours_s"]), len(size["theirs_s"])) for size in found] == [
        (20, 2, 2, 2),
        (60, 2, 1, 1),
    ]
    assert set(blueprints.goals_of(found)) == {"P13", "P14"}


def test_one_that_takes_too_long_is_given_up(tmp_path):
    driver = tmp_path / "driver.py"
    driver.write_text(OURS.read_text().replace("path = written", "sys.stdin.read(1)\n        path = written"))
    driver.write_text(
        driver.read_text().replace("import sys\n", f"import sys\nsys.path.insert(0, {str(OURS.parent)!r})\n")
    )
    driver.write_text(driver.read_text().replace("parents[3]", "parents[0]"))
    (small,) = blueprints.measure(tmp_path / "runs", sys.executable, driver, (20,), 3, 5.0)
    assert small["gave_up_s"] == 5.0
    assert not small["theirs_s"]
    assert "| 20 |" in blueprints.lines_of(document([small]))[-1]
    assert "given up after 5 | more than" in blueprints.lines_of(document([small]))[-1]
    assert set(blueprints.goals_of([small])) == {"P14"}


def test_one_that_fails_is_not_taken_for_a_slow_one(tmp_path):
    driver = tmp_path / "driver.py"
    driver.write_text("raise SystemExit('broken')")
    with pytest.raises(Unavailable, match="broken"):
        blueprints.measure(tmp_path / "runs", sys.executable, driver, (20,), 1, 60.0)


def test_goals_are_ratios_of_turns_that_were_taken_together():
    few = {"count": 10, "alone_s": [1.0, 2.0], "ours_s": [1.0, 2.0], "theirs_s": [40.0, 60.0], "gave_up_s": None}
    many = {"count": 100, "alone_s": [11.0, 24.0], "ours_s": [11.0], "theirs_s": [], "gave_up_s": 900.0}
    reached = blueprints.goals_of([few, many])
    assert reached["P13"].values == (40.0, 30.0)
    assert reached["P14"].values == pytest.approx((1.1, 1.2))
    lines = blueprints.lines_of(document([few, many]))
    assert any(line.startswith("| P13 |") and line.endswith("| at least 30× | met |") for line in lines)
    assert lines[-1] == "| 100 | 17.5 (11–24) | given up after 900 | more than 81.8× |"


def test_the_page_shows_what_was_measured_last():
    """docs/performance.md has what docs/blueprints.json says."""
    shown = page.PAGE.read_text().partition(blueprints.BEGIN)[2].partition(blueprints.END)[0]
    assert shown.strip().splitlines() == blueprints.lines_of(json.loads(blueprints.JSON.read_text()))


def document(sizes):
    return {"commit": "c", "date": "d", "python": "3", "sizes": sizes}
