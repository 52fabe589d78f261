"""L6 on the command line: a journal that may have lost something says so, whatever is asked of it."""

import os
import re
import signal

import pytest

from tests.cli.kit import FLOWS, rewrite_owner


def put_ahead(head):
    """The head file of a journal that has lost its newest rows."""
    words = head.read_bytes().split()
    words[0] = b"%020d" % (int(words[0]) + 5)
    words[3] = b"%020d" % (int(words[3]) + 5)
    head.write_bytes(b" ".join(words) + b"\n")


def test_L6_a_journal_behind_its_head_is_asked_about_first(program, tmp_path):
    program("run", f"{FLOWS}:fails", code=1)
    uid = program.uid()
    head = tmp_path / "journal.db-head"
    put_ahead(head)
    said = program("resume", uid, code=9).stderr
    assert "may be missing" in said
    assert "[journal-behind-head]" in said
    assert "its head file says that seq" in program("verify", code=9).stdout
    program("resume", uid, "--accept-loss", code=1)
    program("verify")


def test_L6_an_execution_that_is_not_there_may_be_what_the_journal_has_lost(program, tmp_path):
    program("run", f"{FLOWS}:fails", code=1)
    put_ahead(tmp_path / "journal.db-head")
    said = program("resume", "decade", code=9).stderr
    assert re.search(r"may be missing .*there is no execution 'decade' in it", said)
    assert "there is no execution 'decade'" in program("resume", "decade", "--accept-loss", code=7).stderr
    program("verify")
    assert "there is no execution 'decade'" in program("resume", "decade", code=7).stderr


@pytest.mark.parametrize("command", ["show", "journal", "logs", "cancel", "verify"])
def test_L6_whoever_asks_for_what_is_not_there_is_told_first_that_it_may_be_lost(inside, tmp_path, command):
    inside("run", f"{FLOWS}:nothing")
    uid = inside.uid()
    put_ahead(tmp_path / "journal.db-head")
    near = f"{uid[:-1]}x"
    said = inside(command, near, code=9).stderr
    assert re.search(rf"the journal ends at seq .* may be missing .*there is no execution '{near}' in it", said)
    assert f"did you mean '{uid}'?" in said
    assert "[journal-behind-head]" in said


def test_L6_a_deployment_that_is_not_there_may_be_what_the_journal_has_lost(inside, tmp_path):
    inside("run", f"{FLOWS}:nothing")
    put_ahead(tmp_path / "journal.db-head")
    said = inside("run", "install", "-d", "shop", code=9).stderr
    assert re.search(r"may be missing .*there is no deployment 'shop' in it", said)
    assert "no deployment 'shop'" in inside("run", "install", "-d", "shop", "--accept-loss", code=7).stderr
    inside("verify")


def test_L6_verify_of_what_is_lost_says_in_json_that_the_head_noticed_it(inside, tmp_path):
    inside("run", f"{FLOWS}:nothing")
    put_ahead(tmp_path / "journal.db-head")
    assert [one["check"] for one in inside.json("verify", "decade", code=9)["problems"]] == ["head"]


@pytest.mark.parametrize(
    ("harm", "code"), [(put_ahead, "journal-behind-head"), (lambda head: os.truncate(head, 50), "head-unreadable")]
)
def test_L6_run_asks_as_resume_does_before_it_writes_to_a_journal_that_may_have_lost_something(
    inside, tmp_path, harm, code
):
    inside("run", f"{FLOWS}:fails", code=1)
    uid, head = inside.uid(), tmp_path / "journal.db-head"
    harm(head)
    before = head.read_bytes()
    said = [inside(*words, code=9).stderr for words in (("run", f"{FLOWS}:total"), ("resume", uid))]
    assert said[1].endswith(said[0]), "word by word"
    assert f"[{code}]" in said[0]
    assert "--accept-loss" in said[0]
    assert len(inside.json("list")["items"]) == 1
    assert head.read_bytes() == before
    assert inside.json("verify", code=9)["problems"][0]["check"] == "head"
    assert inside("run", f"{FLOWS}:total", "--accept-loss").stdout
    inside("run", f"{FLOWS}:total")
    inside("verify")


def killed_while_it_ran(program, gate, durability):
    """The id of an execution whose runner is gone."""
    program.environ["DURABLE_WF_DURABILITY"] = durability
    process = program.begin("run", f"{FLOWS}:held", "-p", f"address={gate.address}")
    waiting = gate.next()
    process.kill()
    program.end(process, -signal.SIGKILL)
    waiting.gone()
    return program.uid()


@pytest.mark.crash
def test_L6_after_another_boot_resume_and_verify_tell_what_a_power_cut_may_have_taken(program, gate):
    """Under `process` the head file's last write may have gone with the commits that it would have told of."""
    uid = killed_while_it_ran(program, gate, "process")
    assert "booted anew" not in program("verify").stderr, "in the same boot nothing can be missing"
    rewrite_owner(program, boot="another")
    told = re.compile(
        rf"notice: the machine was booted anew since process \d+, .* ran {uid} under durability `process`"
    )
    assert told.search(program("verify").stderr)
    assert told.search(program("verify", uid).stderr)
    resumed = program.begin("resume", uid, "-q")
    gate.next().go()
    assert told.search(program.end(resumed, 0).stderr)
    assert "booted anew" not in program("verify").stderr


@pytest.mark.crash
def test_L6_under_power_another_boot_takes_nothing_and_nothing_is_told(program, gate):
    uid = killed_while_it_ran(program, gate, "power")
    rewrite_owner(program, boot="another")
    assert "booted anew" not in program("verify").stderr
    resumed = program.begin("resume", uid)
    gate.next().go()
    assert "booted anew" not in program.end(resumed, 0).stderr
