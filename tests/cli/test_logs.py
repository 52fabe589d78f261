"""`logs`: events and logs as lines, as JSON, and as they come."""

import json
import re

from tests.cli.kit import FLOWS, fitting

LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}  (\w+) +(.*)")


def lines(text):
    """(level, what is said) of each line."""
    return [LINE.fullmatch(line).groups() for line in text.splitlines()]


def test_events_and_logs_are_lines_in_order(inside):
    inside("run", f"{FLOWS}:one_after_the_other")
    assert lines(inside("logs", inside.uid()).stdout) == [
        ("event", f"Starting '{FLOWS}:one_after_the_other' workflow execution"),
        ("info", "adding"),
        ("event", f"Task started '{FLOWS}:add'"),
        ("event", f"Task succeeded '{FLOWS}:add' - 2"),
        ("event", f"Task started '{FLOWS}:add'"),
        ("event", f"Task succeeded '{FLOWS}:add' - 3"),
        ("event", f"'{FLOWS}:one_after_the_other' workflow execution succeeded"),
    ]


def test_what_it_is_about_stands_before_it(inside, blueprint):
    """`node.operation`, of which only the last name is shown."""
    inside("deployments", "create", blueprint, "-d", "shop")
    inside("run", "start_all", "-d", "shop")
    said = [text for _, text in lines(inside("logs", inside.uid()).stdout)]
    assert any(re.fullmatch(r"\[page_\w+\] begins", text) for text in said)
    assert any(re.fullmatch(r"\[page_\w+\.make\] Task succeeded 'small_plugin\.make'", text) for text in said)


def test_debug_logs_are_shown_with_v_and_in_json(inside):
    inside("run", f"{FLOWS}:talkative")
    uid = inside.uid()
    short, whole = inside("logs", uid).stdout, inside("logs", uid, "-v").stdout
    assert "in detail" not in short
    assert ("debug", "in detail") in lines(whole)
    items = inside.json("logs", uid)["items"]
    assert [one["message"]["text"] for one in items if one["level"] == "debug"] == ["in detail"]
    assert len(items) == len(whole.splitlines())


def test_a_failure_stands_out_and_new_lines_are_indented(inside):
    inside("run", f"{FLOWS}:fails", "-p", r'text="one\ntwo"', code=1)
    said = inside("logs", inside.uid()).stdout
    assert re.search(rf"  error    Task failed '{FLOWS}:boom' -> one", said)
    assert "\n    two\n" in said


def test_what_a_terminal_would_obey_is_shown_instead(inside):
    inside("run", f"{FLOWS}:fails", "-p", r'text="\e[31mred"', code=1)
    said = inside("logs", inside.uid()).stdout
    assert "\x1b" not in said
    assert r"\x1b[31mred" in said


def test_an_unknown_execution_ends_with_7(inside):
    inside("run", f"{FLOWS}:nothing")
    assert "[not-found]" in inside("logs", "nothing", code=7).stderr


def test_following_shows_what_comes_and_ends_with_the_execution(program, gate):
    """Lines of an operation that goes on are there within a second or two."""
    process = program.begin("run", f"{FLOWS}:held_and_heard", "-p", f"address={gate.address}")
    waiting = gate.next()
    uid = program.uid()
    text, documents = program.begin("logs", uid, "-f"), program.begin("logs", uid, "-f", "--json")
    for line in text.stdout:
        if "about to wait" in line:
            break
    waiting.go()
    program.end(process, 0)
    assert "execution succeeded" in text.stdout.read()
    assert f"execution {uid}: terminated" in program.end(text, 0).stderr
    found = [fitting(line, "logs --follow") for line in documents.stdout.read().splitlines()]
    program.end(documents, 0)
    items = program.json("logs", uid)["items"]
    assert [json.dumps({"schema_version": 1, **one}, sort_keys=True) for one in items] == [
        json.dumps(one, sort_keys=True) for one in found
    ]


def test_causes_of_a_failure_are_shown(inside):
    """In short by `show`, with their tracebacks when verbose."""
    inside("run", f"{FLOWS}:fails_deeply", code=1)
    short, whole = inside("show", inside.uid()).stdout, inside("show", inside.uid(), "-v").stdout
    assert "caused by KeyError: 'the first'" in short
    assert "Traceback" not in short
    assert 'raise KeyError("the first")' in whole
