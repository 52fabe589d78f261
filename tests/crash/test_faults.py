"""Faults: some points of each, that a planted bug is seen by each, and that the shim sees every call."""

import random
import re
import shutil
import sys
from collections import Counter
from itertools import pairwise

import pytest

from tests.crash.kit import ROOT, chosen
from tests.crash.planted import FAULT_BUGS
from tools.crash import disks, recording, results
from tools.crash.faults import FAULTS, fault
from tools.crash.frame import evenly, kinds_first
from tools.crash.scenarios import SCENARIOS

pytestmark = [pytest.mark.crash]
slow = pytest.mark.slow

# test_sweep has the first two; then below, and in test_power and test_bits
OTHERS = ("commits", "cancel", "held", "crowd", "power", "wal", "bits")
SHORT = [name for name in FAULTS if name not in OTHERS]
WAYS = {"runner": "1 waited", "command": "1 refused"}
FEW = 1  # planted bugs of all that there are, in one run of the suite
GOLDEN = ROOT / "tests" / "journal" / "golden" / "version-1.db"


def needs_a_disk(name):
    """Whether the fault can be made only where file systems may be mounted; it says so itself where they may not."""
    return hasattr(fault(name), "skips")


POSSIBLE = [bug for bug, (_, name, _, _) in FAULT_BUGS.items() if disks.why_not() is None or not needs_a_disk(name)]


@slow
def test_L5_some_points_of_every_fault_are_survived(run):
    seed = random.SystemRandom().randrange(10**6)
    named = [word for name in SHORT for word in ("--fault", name)]
    scenario = random.Random(seed).choice(("graph", "handlers"))
    own = [word for name in ("new", "forks") for word in ("--scenario", name)]
    done = run(*named, "--scenario", scenario, *own, "--max-parallel", 8, "--points", 1, "--seed", seed)
    sys.stdout.write(done.stdout)  # has the seed
    assert done.returncode == 0, f"seed {seed}\n{done.stdout}{done.stderr}"
    assert "0 of them wrong" in done.stdout


@slow
@pytest.mark.parametrize("what", chosen([f"{lock}:{who}" for lock in ("database", "turnstile") for who in WAYS], 1))
def test_L12_a_held_lock_is_waited_for_by_a_runner_and_refused_to_a_command(run, what):
    only = f"{what}:1"
    done = run("--fault", "held", "--scenario", "graph", "--max-parallel", 8, "--only", only)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    assert WAYS[what.split(":")[1]] in done.stdout


@slow
@pytest.mark.parametrize("bug", chosen(POSSIBLE, FEW))
def test_a_planted_bug_is_seen_by_a_fault(run, bug):
    done = run(bug, "faults", module="tests.crash.planted")
    assert done.returncode == 1, f"{bug} was not noticed\n{done.stdout}{done.stderr}"
    assert "WRONG" in done.stdout


def test_every_fault_has_a_planted_bug_and_words_on_the_page():
    elsewhere = ("commits", "cancel")  # BUGS
    assert set(FAULTS) - set(elsewhere) <= {named for _, named, _, _ in FAULT_BUGS.values()}
    page = results.PAGE.read_text()
    assert [name for name in FAULTS if f"| `{name}` |" not in page] == []


def test_the_shim_counts_the_calls_that_strace_sees(run, tmp_path):
    assert shutil.which("strace"), "strace is missing: tools/needs strace strace"
    counted = {}
    for how in ("new", "version-1"):
        for means in ("shim", "strace"):
            folder = tmp_path / f"{how}-{means}"
            folder.mkdir()
            if how == "version-1":
                shutil.copy(GOLDEN, folder / "journal.db")
                (folder / "journal.db").chmod(0o600)
            log = folder / "log.txt"
            calls = "trace=write,pwrite64,fsync,fdatasync,ftruncate,unlink,unlinkat"
            tracer = ("strace", "-f", "-y", "-qq", "-o", log, "-e", calls) if means == "strace" else ()
            done = run(folder, means, module="tests.crash.opens", inside=tuple(map(str, tracer)))
            assert done.returncode == 0, done.stdout + done.stderr
            counted[how, means] = done.stdout.split() if means == "shim" else _traced(log.read_text(), folder)
        assert counted[how, "shim"] == counted[how, "strace"]
        assert min(map(int, counted[how, "shim"])) > 0, "no kind of call was left out"


def _traced(text, folder):
    """How many writes, syncs, truncations and unlinks of the journal's files, and syncs of its folder, strace has."""
    found = Counter()
    for name, rest in re.findall(r"^\d+ +(\w+)\((.*)$", text, re.MULTILINE):
        kind = {"pwrite64": "write", "fdatasync": "sync", "fsync": "sync", "unlinkat": "unlink"}.get(name, name)
        ours = f"{folder}/journal.db" in rest.split(",")[0] or (kind == "sync" and f"<{folder}>" in rest)
        found[kind] += ours
    return [str(found[kind]) for kind in ("write", "sync", "ftruncate", "unlink")]


def test_a_recording_made_again_gives_the_same_files(run, tmp_path):
    done = run(tmp_path, "record", module="tests.crash.opens")
    assert done.returncode == 0, done.stderr
    files, names, marks = {}, {}, []
    for record in recording.read(tmp_path / "recording.bin"):
        if record.kind is recording.Kind.OPEN:
            files.setdefault(record.file, bytearray())
            if record.made:
                files[record.file], names[record.name] = bytearray(), record.file
        elif record.kind is recording.Kind.WRITE:
            content = files[record.file]
            content.extend(bytes(max(0, record.offset + len(record.data) - len(content))))
            content[record.offset : record.offset + len(record.data)] = record.data
        elif record.kind is recording.Kind.TRUNCATE:
            content = files[record.file]
            content.extend(bytes(max(0, record.offset - len(content))))
            del content[record.offset :]
        elif record.kind is recording.Kind.UNLINK:
            del names[record.name]
        elif record.kind is recording.Kind.MARK:
            marks.append(record.text)
    found = {str(path): path.read_bytes() for path in tmp_path.glob("journal.db*")}
    assert {name: bytes(files[file]) for name, file in names.items()} == found
    assert marks == ["opened"]


def test_what_is_no_recording_is_refused(tmp_path):
    path = tmp_path / "recording.bin"
    path.write_bytes(b"something else")
    with pytest.raises(recording.NoRecording, match="does not begin with"):
        list(recording.read(path))


@pytest.mark.parametrize("count", [1, 2, 7, 64, 100])
def test_every_beginning_of_the_order_is_spread_evenly(count):
    order = list(evenly(count, random.Random(count)))
    assert sorted(order) == list(range(count))
    half = sorted(order[: -(-count // 2)])
    assert all(other - one <= 7 for one, other in pairwise(half))


@pytest.mark.parametrize("variants", [2, 4, 8])
def test_a_beginning_has_about_as_much_of_every_variant(variants):
    """Variants of a point stand beside each other, so that fixed distances would meet one of them only."""
    order = list(evenly(1600, random.Random(variants)))
    met = Counter(at % variants for at in order[:100])
    assert len(met) == variants
    assert max(met.values()) <= 3 * 100 / variants


def test_one_point_of_every_kind_comes_first():
    points = [f"{n}{sticky}" for n in range(1, 100) for sticky in ("", "+")]
    first, rest = kinds_first([*points, "cli:7"])
    assert first == ["1", "1+", "cli:7", "2"]
    assert sorted([*first, *rest]) == sorted([*points, "cli:7"])


def test_every_fault_can_be_had_and_is_tried_on_something_that_there_is():
    for name in FAULTS:
        found = fault(name)
        assert found.name == name
        assert found.scenarios
        assert found.parallel
    assert set(fault("death").scenarios) <= set(SCENARIOS)


def test_the_page_is_what_the_results_say():
    page = results.PAGE.read_text()
    assert results.rendered(page, results.read()) == page
    assert [row for row in results.read() if row["survived"] != row["tried"]] == []


def test_rows_of_other_runs_stay(tmp_path):
    page, file = tmp_path / "page.md", tmp_path / "faults.json"
    page.write_text(f"before\n{results.BEGIN}\n{results.END}\nafter\n")
    common = {"parallel": 1, "durability": "process", "points": 4, "tried": 2, "survived": 2, "states": 0, "date": "d"}
    common |= {"ways": {"plain": 2}, "machine": "m"}
    first = common | {"fault": "death", "scenario": "graph", "commit": "one"}
    other = common | {"fault": "torn", "scenario": "graph", "commit": "one"}
    results.write([first, other], file, page)
    results.write([first | {"commit": "two"}], file, page)
    assert [(row["fault"], row["commit"]) for row in results.read(file)] == [("death", "two"), ("torn", "one")]
    assert page.read_text().startswith("before\n")
    assert page.read_text().endswith("\nafter\n")
    assert "| death | graph | 1 | process | 4 | 2 | 2 |  | 2 plain | two |" in page.read_text()
