"""`list`, `show` and `journal`: what they tell of the same executions."""

import json
import re
import signal
import sqlite3

import pytest

from durable_wf.model.states import X
from tests.cli.kit import FLOWS, fitting


def test_an_empty_list_says_where_it_looked_and_how_to_begin(inside):
    done = inside("list")
    assert done.stdout == ""
    assert f"no executions in {inside.journal}" in done.stderr
    assert "durable-wf run" in done.stderr
    assert not inside.journal.exists()
    assert inside.json("list") == {"schema_version": 1, "items": []}


def test_list_shows_the_newest_first_and_can_be_narrowed(inside, blueprint):
    inside("run", f"{FLOWS}:total")
    inside("run", f"{FLOWS}:fails", code=1)
    inside("deployments", "create", blueprint, "-d", "small")
    inside("run", "start_all", "-d", "small")
    every = inside.json("list")["items"]
    assert [one["workflow_id"] for one in every] == ["start_all", f"{FLOWS}:fails", f"{FLOWS}:total"]
    assert [one["deployment_id"] for one in every] == ["small", None, None]
    assert [one["id"] for one in inside.json("list", "--state", "failed")["items"]] == [every[1]["id"]]
    assert [one["id"] for one in inside.json("list", "-d", "small")["items"]] == [every[0]["id"]]
    assert inside("list", "-q").stdout.split() == [one["id"] for one in every]
    lines = inside("list").stdout.splitlines()
    assert re.match(r"ID +WORKFLOW +DEPLOYMENT +STATE +CREATED", lines[0])
    assert len(lines) == 4
    assert "no executions that fit" in inside("list", "--state", "paused").stderr


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["list", "--state", "faild"], 2, "did you mean 'failed'?"),
        (["list", "-d", "smal"], 7, "there is no deployment 'smal'"),
        (["show", "nothing"], 7, "there is no execution 'nothing'"),
        (["show", ""], 7, "there is no execution ''"),
        (["journal", "nothing"], 7, "[not-found]"),
        (["verify", "nothing"], 7, "[not-found]"),
    ],
)
def test_what_is_not_there_is_said(inside, arguments, code, text):
    inside("run", f"{FLOWS}:nothing")
    assert text in inside(*arguments, code=code).stderr


def test_a_journal_that_is_not_there_is_said(inside):
    for arguments in (["show", "x"], ["journal", "x"], ["verify"], ["resume", "x"], ["deployments", "show", "x"]):
        said = inside(*arguments, code=7).stderr
        assert f"there is no journal at {inside.journal}" in said
    assert not inside.journal.exists()


def test_ids_are_found_by_a_unique_beginning(inside):
    for _ in range(17):
        inside("run", f"{FLOWS}:nothing", "-q")
    ids = inside("list", "-q").stdout.split()
    shared = next(one[0] for one in ids if sum(other[0] == one[0] for other in ids) > 1)
    said = inside("show", shared, code=2).stderr
    assert "is the beginning of several ids" in said
    assert inside.json("show", ids[0][:10])["id"] == ids[0]


def test_show_tells_how_it_went_and_what_a_resume_would_do(inside):
    inside("run", f"{FLOWS}:fails", "-p", "text=broken", code=1)
    uid = inside.uid()
    said = inside("show", uid).stdout
    for text in (
        f"execution    {uid}", "state        failed", "parameters   text=broken", "tasks        1 failed",
        "NonRecoverableError: broken", "runs again 1", f"durable-wf resume {uid}",
    ):  # fmt: skip
        assert text in said


def test_show_of_one_that_is_running_names_its_runner(program, gate):
    process = program.begin("run", f"{FLOWS}:held", "-p", f"address={gate.address}")
    waiting = gate.next()
    found = program.json("show", program.uid())
    assert found["state"] == "started"
    assert (found["runner"]["pid"], found["runner"]["alive"]) == (process.pid, True)
    assert (found["unknown"], found["resume"]) == ([], None)
    assert "runs it" in program("show", program.uid()).stdout
    waiting.go()
    program.end(process, 0)


def test_an_execution_whose_runner_is_gone_is_interrupted_at_once(program, gate):
    process = program.begin("run", f"{FLOWS}:held", "-p", f"address={gate.address}")
    waiting = gate.next()
    assert [one["state"] for one in program.json("list")["items"]] == ["started"]
    process.send_signal(signal.SIGKILL)
    process.communicate()
    waiting.gone()
    assert [one["state"] for one in program.json("list", "--state", str(X.INTERRUPTED))["items"]] == ["interrupted"]
    assert "begun by a runner that is gone" in program("show", program.uid()).stdout


def test_the_journal_tells_every_transition_in_order_with_events_between(inside):
    inside("run", f"{FLOWS}:nested")
    uid = inside.uid()
    items = inside.json("journal", uid)["items"]
    seqs = [one["seq"] for one in items if one["seq"] is not None]
    assert seqs == sorted(set(seqs))
    connection = sqlite3.connect(inside.journal)
    assert len(seqs) == connection.execute("SELECT count(*) FROM transition WHERE execution > 0").fetchone()[0]
    connection.close()
    (half,) = [one for one in items if one["message"] == "half"]
    assert (half["seq"], half["subject"], half["event"]) == (None, "event", "workflow_stage")
    add = [one for one in items if one["what"] == "operation tests.cli.flows:add"]
    assert [(one["from"], one["to"], one["attempt"]) for one in add] == [
        ("pending", "sent", 1), ("sent", "succeeded", 1),
    ]  # fmt: skip
    assert add[0]["path"] == "graph1.1/outer/inner/tests.cli.flows:add"
    assert add[1]["detail"] == {"result": 2}
    assert [one["to"] for one in items if one["subject"] == "execution"][-1] == "terminated"


def test_the_journal_shows_structure_by_indentation(inside):
    inside("run", f"{FLOWS}:nested")
    lines = inside("journal", inside.uid()).stdout.splitlines()
    depths = {
        text: next(re.match(r" *\d* +[\d:.]{12}  ( *)", line)[1] for line in lines if text in line)
        for text in ("graph graph1.1", "subgraph outer", "subgraph inner", "operation tests.cli.flows:add")
    }
    assert [len(one) for one in depths.values()] == [0, 2, 4, 6]
    assert "«half»" in "\n".join(lines)
    assert "= 2" in "\n".join(lines)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d UTC", lines[0])


def test_following_ends_with_the_execution(program, gate):
    process = program.begin("run", f"{FLOWS}:held", "-p", f"address={gate.address}")
    waiting = gate.next()
    uid = program.uid()
    text, lines = program.begin("journal", uid, "-f"), program.begin("journal", uid, "-f", "--json")
    assert text.stdout.readline().endswith(" UTC\n")
    first = lines.stdout.readline()
    waiting.go()
    program.end(process, 0)
    assert "started → terminated" in text.stdout.read()
    assert f"execution {uid}: terminated" in program.end(text, 0).stderr
    found = [fitting(line, "journal --follow") for line in [first, *lines.stdout.read().splitlines()]]
    program.end(lines, 0)
    assert [one["seq"] for one in found] == [one["seq"] for one in program.json("journal", uid)["items"]]


def test_following_ends_when_nobody_runs_it(inside):
    inside("run", f"{FLOWS}:fails", code=1)
    assert ": failed" in inside("journal", inside.uid(), "-f").stderr


def test_verbose_shows_details_whole(inside):
    inside("run", f"{FLOWS}:fails", code=1)
    assert '"traceback":' in inside("journal", inside.uid(), "-v").stdout


def test_a_file_that_is_no_journal_ends_with_9(inside):
    inside.journal.write_text("this is not a journal" * 100)
    for arguments in (["list"], ["verify"], ["run", f"{FLOWS}:nothing"]):
        done = inside(*arguments, code=9)
        assert "[journal" in done.stderr
        assert "Traceback" not in done.stderr
    assert inside.journal.read_text().startswith("this is not")


def test_show_gives_a_result_whole_in_json(inside):
    inside("run", f"{FLOWS}:total", "-p", f"numbers={json.dumps(list(range(300)))}")
    found = inside.json("show", inside.uid())
    assert found["parameters"]["numbers"] == list(range(300))
    assert found["result"] == sum(range(300)) + 300
