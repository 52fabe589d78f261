"""The sweep itself: some points of each scenario, and that it sees what it is there to see."""

import random
import subprocess
import sys

import pytest

from tests.crash.kit import ROOT, chosen
from tests.crash.planted import BUGS
from tools.crash import sweep, table

pytestmark = [pytest.mark.crash, pytest.mark.slow]


SWEEPS = {
    f"{scenario} {' '.join(map(str, options))}": (scenario, options)
    for scenario, options in (
        ("graph", ("--points", 20, "--double", 6)),
        ("standard", ("--points", 20, "--double", 6)),
        ("handlers", ("--points", 20, "--double", 6)),
        ("waits", ("--points", 20, "--double", 4)),
        ("lifecycle", ("--points", 20, "--double", 4)),
        ("modification", ("--points", 20, "--double", 4)),
        ("scale", ("--points", 20, "--double", 4)),
        ("graph", ("--points", 6, "--durability", "power")),
        ("graph", ("--points", 12, "--through", "cli")),
        ("three-tier", ("--points", 20)),
        ("tutorial-basic", ("--points", 6)),
        ("tutorial-parameters", ("--points", 6)),
        ("tutorial-events", ("--points", 6)),
        ("tutorial-ordering", ("--points", 6)),
        ("tutorial-relationships", ("--points", 6)),
    )
}


@pytest.mark.parametrize(("scenario", "options"), [SWEEPS[name] for name in chosen(SWEEPS, 1)])
def test_L5_a_kill_at_a_commit_and_a_resume_give_what_an_undisturbed_run_gives(run, scenario, options):
    seed = random.SystemRandom().randrange(10**6)
    done = run("--scenario", scenario, "--seed", seed, *options)
    sys.stdout.write(done.stdout)  # has the seed
    assert done.returncode == 0, f"seed {seed}\n{done.stdout}{done.stderr}"
    assert f"seed {seed}" in done.stdout
    assert "0 of them wrong" in done.stdout


@pytest.mark.parametrize("bug", chosen(BUGS, 1))
def test_a_planted_bug_is_seen(run, bug):
    done = run(bug, module="tests.crash.planted")
    assert done.returncode == 1, f"{bug} was not noticed\n{done.stdout}{done.stderr}"
    assert "WRONG" in done.stdout


def test_the_tool_can_be_run_and_says_how():
    done = subprocess.run([ROOT / "tools/crash/run", "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "--points" in done.stdout


@pytest.mark.parametrize("text", ["12", "x:before", "3:during"])
def test_a_point_that_cannot_be_is_refused(text, capsys):
    with pytest.raises(SystemExit) as refused:
        sweep.main(["--only", text])
    assert refused.value.code == 2
    assert "12:before" in capsys.readouterr().err


def test_the_full_table_stands_on_the_page():
    page = table.PAGE.read_text()
    assert page.count(table.BEGIN) == page.count(table.END) == 1
    written = page.partition(table.BEGIN)[2].partition(table.END)[0]
    for scenario in ("three-tier", "graph", "standard"):
        for parallel in (1, 8):
            (row,) = [line for line in written.splitlines() if line.startswith(f"| {scenario} | {parallel} |")]
            assert row.endswith("| 0 |"), "the last column is what was wrong"
