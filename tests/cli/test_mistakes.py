"""How the mistakes of a blueprint and its warnings are shown: the line, and a caret under the place."""

import unicodedata

import pytest

from durable_wf.cli.mistakes import MOST_SHOWN, WIDTH, SourceLine, record, shown
from durable_wf.dsl.excerpts import Sources
from durable_wf.dsl.problems import Place, Problem

PROBLEM = Problem("bad-value", "wrong", Place("f.yaml", 2, 5), "a.b")


def lines(text, column, **more):
    """What is shown of a problem in the only line of a file."""
    problem = Problem("bad-value", "wrong", Place("f.yaml", 1, column), **more)
    return list(shown([problem], Sources({"f.yaml": text.encode()})))


def caret(text, column):
    """The line as it is shown, and what stands above the caret, counted in a terminal's columns."""
    head, line, below = lines(text, column)
    assert head == f"f.yaml:1:{column}: wrong [bad-value]"
    assert below.startswith("     | ")
    assert below.endswith("^")
    return line.removeprefix("   1 | "), len(below) - len("     | ^")


def test_a_problem_has_its_line_and_a_caret():
    """With how to mend it beside the caret, and what was expected under it."""
    problem = Problem("bad-value", "wrong", Place("f.yaml", 2, 5), "a.b", "one of x, y", "did you mean 'x'?")
    assert list(shown([problem], Sources({"f.yaml": b"a:\n  b: z\n"}))) == [
        "f.yaml:2:5: a.b: wrong [bad-value]",
        "   2 |   b: z",
        "     |     ^ did you mean 'x'?",
        "     = expected one of x, y",
    ]


@pytest.mark.parametrize("text", [None, b"a:", b"a:\n   \n", b""], ids=["no file", "no line", "blank", "empty"])
def test_where_there_is_no_line_everything_is_on_one(text):
    """As in logs."""
    problem = Problem("bad-value", "wrong", Place("f.yaml", 2, 5), "a.b", "x", "mend it")
    sources = Sources({} if text is None else {"f.yaml": text})
    assert list(shown([problem], sources)) == [str(problem)]
    assert record(problem, sources).source is None


@pytest.mark.parametrize(
    ("text", "column", "drawn", "at"),
    [
        ("key: value", 6, "key: value", 5),
        ("\tkey: value", 7, "    key: value", 9),
        ("a\tb: c", 6, "a    b: c", 8),
        ("日本: x", 5, "日本: x", 6),
        ("e\u0301a\u0308: x", 7, "e\u0301a\u0308: x", 4),
        ("\u1112\u1161\u11ab: x", 6, "\u1112\u1161\u11ab: x", 4),
        ("\uff46\uff55: x", 5, "\uff46\uff55: x", 6),
        ("😀: x", 4, "😀: x", 4),
        ("a: b", 5, "a: b", 4),
        ("a: b", 99, "a: b", 4),
    ],
)
def test_the_caret_is_under_the_place(text, column, drawn, at):
    """Tabs are written out; wide characters take two columns, combining ones none. The end of a line is a place."""
    assert caret(text, column) == (drawn, at)


@pytest.mark.parametrize("char", ["\x1b", "\x07", "\x7f", "\x9b", "\u202e", "\u200b", "\ufeff"])
def test_no_character_is_obeyed_by_a_terminal(char):
    """It is written out, and the caret counts what is written."""
    text = f"a{char}[31m: x"
    drawn, at = caret(text, 8)
    assert drawn == f"a\\x{ord(char):02x}[31m: x"
    assert drawn[at] == "x" or at == drawn.index(": x") + 1
    assert lines(text, 8)[0].isprintable()


def test_a_name_cannot_end_the_line():
    """Nor forge another problem."""
    problem = Problem("bad-value", "a\nf.yaml:9:9: b", Place("f\n.yaml", 1, 1), "p\x1b[0m", "x\ny", "do\r\nit")
    told = list(shown([problem], Sources({"f\n.yaml": b"a: b"})))
    assert len(told) == 4
    assert all(line.isprintable() for line in told)
    assert all(line.isprintable() for line in shown([problem], Sources(), brief=True))


@pytest.mark.parametrize("unit", ["x", "日", "e\u0301", "\x1b", "\t"])
@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 0.95, 1.0])
def test_a_long_line_is_cut_around_the_caret(unit, share):
    """Whatever it is made of; the place is in what is left, and the caret under it."""
    text = unit * 3000
    at = int(len(text) * share) // len(unit) * len(unit)
    text = f"{text[:at]}@{text[at:]}"
    drawn, before = caret(text, at + 1)
    columns = "".join(char * _width(char) for char in drawn)
    assert len(columns) <= WIDTH
    assert columns[before] == "@"
    assert drawn.startswith("…") == (share > 0)
    assert drawn.endswith("…") == (share < 1)


def _width(char):
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) == "W" else 1


def test_a_line_of_characters_without_width_is_cut_too():
    """They cost the terminal as much as others."""
    (_, line, _) = lines("a" + "\u0301" * 100_000, 50_000)
    assert len(line) < 4 * WIDTH


def test_data_has_the_line_as_it_is_shown():
    """And the place in it: of characters, not of a terminal's columns."""
    problem = Problem("bad-value", "wrong", Place("f.yaml", 1, 7), "a")
    found = record(problem, Sources({"f.yaml": "\t日本: \x1bx".encode()}))
    assert found.source == SourceLine("    日本: \\x1bx", 13)
    assert (found.line, found.column, found.path) == (1, 7, "a")


def test_many_are_all_said_and_the_first_with_their_lines():
    """The rest have one line each."""
    problems = [Problem("bad-value", f"number {number}", Place("f.yaml", 1, 1)) for number in range(MOST_SHOWN + 3)]
    told = list(shown(problems, Sources({"f.yaml": b"a: b"})))
    assert len(told) == 3 * MOST_SHOWN + 1 + 3
    assert told[-4:] == ["3 more, one line each:", *map(str, problems[-3:])]


def test_warnings_say_that_they_are_some():
    """In the same form; with colours where they are wanted."""
    sources = Sources({"f.yaml": b"a:\n  b: z\n"})
    assert next(shown([PROBLEM], sources, kind="warning")) == "warning: f.yaml:2:5: a.b: wrong [bad-value]"
    coloured = list(shown([PROBLEM], sources, kind="warning", colors=True))
    assert coloured[0].startswith("\x1b[1;33mwarning:\x1b[0m ")
    assert coloured[2].endswith("\x1b[1;33m^\x1b[0m")


# ------------------------------------------------------------------------------------------------------ the commands


BAD = """\
tosca_definitions_version: cloudify_dsl_1_5
imports: [cloudify/types/types.yaml]
node_templates:
  n: {type: cloudify.nodes.Rot}
description: 5
"""
TOLD = """\
bad.yaml:4:13: node_templates.n.type: unknown type 'cloudify.nodes.Rot' [unknown-node-type]
   4 |   n: {type: cloudify.nodes.Rot}
     |             ^ did you mean 'cloudify.nodes.Root'?
bad.yaml:5:14: description: an integer cannot stand here [wrong-type]
   5 | description: 5
     |              ^
     = expected text
error: the blueprint has 2 mistakes [blueprint]
"""


@pytest.mark.parametrize("command", [["validate"], ["plan"], ["deployments", "create"]], ids="-".join)
def test_every_command_tells_mistakes_alike(inside, tmp_path, command):
    """And nothing else; nothing is made of it."""
    (tmp_path / "bad.yaml").write_text(BAD)
    done = inside(*command, "bad.yaml", code=3)
    assert (done.stdout, done.stderr) == ("", TOLD)
    assert not inside.journal.exists()


def test_quiet_is_one_line_for_each(inside, tmp_path):
    """For programs that read them, and for logs."""
    (tmp_path / "bad.yaml").write_text(BAD)
    first = "unknown type 'cloudify.nodes.Rot'; did you mean 'cloudify.nodes.Root'? [unknown-node-type]"
    assert inside("validate", "bad.yaml", "-q", code=3).stderr.splitlines() == [
        f"bad.yaml:4:13: node_templates.n.type: {first}",
        "bad.yaml:5:14: description: an integer cannot stand here (expected text) [wrong-type]",
        "error: the blueprint has 2 mistakes [blueprint]",
    ]


def test_data_has_all_of_a_mistake(inside, tmp_path):
    """On standard output; a person still reads the rest."""
    (tmp_path / "bad.yaml").write_text(BAD)
    found = inside.json("validate", "bad.yaml", code=3)
    assert found["valid"] is False
    assert [(one["code"], one["source"]) for one in found["items"]] == [
        ("unknown-node-type", {"text": "  n: {type: cloudify.nodes.Rot}", "column": 13}),
        ("wrong-type", {"text": "description: 5", "column": 14}),
    ]
    assert found["warning_items"] == []


GOOD = """\
tosca_definitions_version: cloudify_dsl_1_5
imports: [cloudify/types/types.yaml]
inputs:
  never: {default: yes}
plugins:
  tool: {executor: central_deployment_agent, install: false}
workflows:
  w: tool.tasks.go
"""


def test_warnings_are_shown_and_stop_nothing(inside, tmp_path):
    """By file and place; none when quiet. The plugin's code is not run."""
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "tasks.py").write_text("raise SystemExit\ndef goes(): pass\n")
    done = inside("validate", "good.yaml")
    assert done.stdout.startswith("good.yaml: valid; ")
    assert done.stderr == (
        "warning: good.yaml:4:3: inputs.never: no get_input names the input 'never' [unused-input]\n"
        "   4 |   never: {default: yes}\n"
        "     |   ^\n"
        "warning: good.yaml:4:20: inputs.never.default: yes is read as the boolean true [yaml-surprise]\n"
        "   4 |   never: {default: yes}\n"
        "     |                    ^ quote it if text is meant ('yes'), else write true\n"
        "warning: good.yaml:8:6: workflows.w: the module 'tasks' has no function 'go' [unknown-function]\n"
        "   8 |   w: tool.tasks.go\n"
        "     |      ^ did you mean 'goes'?\n"
    )
    assert inside("validate", "good.yaml", "-q").stderr == ""
    found = inside.json("validate", "good.yaml")
    assert [one["code"] for one in found["warning_items"]] == ["unused-input", "yaml-surprise", "unknown-function"]
    assert (found["valid"], found["warnings"], found["items"]) == (True, [], [])
    inside("deployments", "create", "good.yaml", "-d", "made")


@pytest.mark.parametrize(
    "code",
    ["unused-input", "yaml-surprise", "unknown-function", "cannot-run-yet", "ignored", "definition-not-used"],
)
def test_every_warning_is_explained(inside, code):
    """They stop nothing: exit code 0."""
    assert inside("explain", code).stdout.startswith(f"{code}: ")
    assert inside.json("explain", code)["exit_code"] == 0
