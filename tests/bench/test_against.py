"""How peers are driven: the same protocol, tried with the driver of our own engine. pip is left to the tool's runs."""

import json
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tools.bench import against, environments
from tools.bench.against import OURS, Pair, Session
from tools.bench.environments import Peer, Unavailable

OURSELVES = Peer("ourselves", "our own engine", "0", OURS.name)


def driver(tmp_path, body):
    """A driver that is broken in some way."""
    path = tmp_path / "driver.py"
    path.write_text(body)
    return path


def test_a_driver_says_what_it_can_and_runs_it(tmp_path):
    with Session(sys.executable, OURS, tmp_path) as session:
        assert {"wide power", "chain process", "standard power"} <= set(session.shapes)
        assert session.run("wide process", 10) > 0
        assert session.run("standard power", 3) > 0


def test_a_driver_leaves_nothing_of_its_runs(tmp_path):
    with Session(sys.executable, OURS, tmp_path) as session:
        session.run("chain process", 3)
        assert [path.name for path in tmp_path.iterdir()] == ["stderr"]


def test_a_driver_that_cannot_run_something_says_why_and_goes_on(tmp_path):
    with Session(sys.executable, OURS, tmp_path) as session:
        with pytest.raises(Unavailable, match="KeyError: 'sideways'"):
            session.run("sideways", 3)
        assert session.run("chain process", 3) > 0


def test_a_driver_that_dies_is_unavailable_with_its_last_words(tmp_path):
    broken = driver(tmp_path, "raise SystemExit('a package is missing')")
    with pytest.raises(Unavailable, match="its driver has ended: a package is missing"):
        Session(sys.executable, broken, tmp_path)


def test_what_a_peer_prints_is_no_answer(tmp_path):
    body = f"""
import sys
sys.path.insert(0, {str(OURS.parent)!r})
import protocol
class Noisy:
    shapes = {{"loud": lambda count: print("noise") or 0.5}}
    def open(self, folder):
        print("more noise")
    def close(self):
        pass
sys.exit(protocol.main(Noisy()))
"""
    with Session(sys.executable, driver(tmp_path, body), tmp_path) as session:
        assert session.run("loud", 1) == 0.5


def test_pairs_are_compared_in_turns(tmp_path, monkeypatch):
    monkeypatch.setattr(against, "SLICE_S", 0.0)
    monkeypatch.setattr(against, "TRIAL", 5)
    monkeypatch.setattr(against, "PAIRS", (Pair("chain process", "ourselves", "wide process", "P6"),))
    random.seed(1)
    (found,) = against.compare(OURSELVES, sys.executable, tmp_path, 2)
    assert found["our_count"] == found["their_count"] == 5
    assert len(found["ours_s"]) == len(found["theirs_s"]) == 2
    assert len(against.rates(found)) == 2


def test_a_killed_workflow_is_replayed_from_copies(tmp_path, monkeypatch):
    monkeypatch.setattr(against, "REPLAYED", {"ours": 20, "theirs": 10})
    found = against.replays(OURSELVES, sys.executable, tmp_path, 2, quick=False)
    assert (found["our_count"], found["their_count"], found["goal"]) == (20, 10, "P9")
    assert len(found["ours_s"]) == len(found["theirs_s"]) == 2
    assert min(found["ours_s"] + found["theirs_s"]) > 0


def test_a_fill_ends_by_its_own_kill_and_a_replay_answers(tmp_path):
    done = subprocess.run([sys.executable, OURS, "fill", tmp_path, "5"], check=False)
    assert done.returncode == -signal.SIGKILL
    done = subprocess.run([sys.executable, OURS, "replay", tmp_path], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["seconds"] > 0


def test_a_peer_that_cannot_be_installed_is_absent_with_the_reason_and_the_run_goes_on(tmp_path, monkeypatch):
    def refuse(peer):
        raise Unavailable(f"no {peer.name} here")

    monkeypatch.setattr(environments, "python_of", refuse)
    found = against.measure(tmp_path, rounds=1)
    assert found["pairs"] == []
    assert found["absent"] == {peer.name: f"no {peer.name} here" for peer in environments.PEERS}


def test_a_command_that_fails_gives_one_line(tmp_path):
    script = tmp_path / "fails.py"
    script.write_text("import sys; sys.exit('much\\nERROR: no matching distribution\\nmore')")
    with pytest.raises(Unavailable) as caught:
        environments.packages(Path("/nonexistent/python"))
    assert "\n" not in str(caught.value)
    with pytest.raises(Unavailable, match=r"^no matching distribution$"):
        environments.run([sys.executable, str(script)])


def test_every_pair_names_a_peer_whose_driver_is_there():
    known = {peer.name: peer for peer in environments.PEERS}
    for pair in (*against.PAIRS, against.REPLAY):
        assert known[pair.peer].driver_path.is_file()
    assert OURS.is_file()


@pytest.mark.parametrize(
    ("count", "expected"), [(1, 50), (99, 50), (100, 100), (499, 200), (7_000, 5_000), (1e9, 10_000)]
)
def test_a_turn_has_a_round_number_of_tasks(count, expected):
    assert against.rounded(count) == expected


def test_the_goal_takes_the_pair_in_which_we_are_slower():
    one = {"goal": "P2", "our_count": 10, "their_count": 1, "ours_s": [1.0], "theirs_s": [1.0]}
    other = {**one, "their_count": 2}
    for pairs in ([one, other], [other, one]):
        assert against.goals_of([*pairs, {**one, "goal": None}]) == {"P2": other}
