"""The commands that there are, their options, their help, and what the program says by itself."""

import subprocess
import sys

import pytest
import typer

from durable_wf.cli.app import app
from durable_wf.cli.examples import EXAMPLES
from durable_wf.cli.shapes import OUTPUTS
from tests.cli.kit import Program, fitting

GLOBAL = {
    "--journal", "--config", "--json", "-q", "--quiet", "-v", "--verbose", "--color", "--no-progress", "--debug",
    "--lock-timeout", "--plugins", "--unsafe-network-fs", "--version", "--help",
}  # fmt: skip

# cli.md's tree, as far as it is built: verb → what it acts on, and its own options.
TREE = {
    "validate": ("BLUEPRINT", {"--allow-http-imports"}),
    "plan": ("BLUEPRINT", {"-i", "-o", "--format", "--allow-http-imports"}),
    "schema": ("blueprint|plugin|retry|output", set()),
    "install": (
        "BLUEPRINT",
        {"-d", "-i", "--on-unknown", "--runtime-only-evaluation", "--allow-http-imports", "--max-parallel", "--timeout",
         "--task-retries", "--task-retry-interval"},
    ),
    "uninstall": (
        "DEPLOYMENT",
        {"-p", "--max-parallel", "--timeout", "--task-retries", "--task-retry-interval", "--dry-run"},
    ),
    "deployments create": (
        "BLUEPRINT",
        {"-d", "-i", "--on-unknown", "--runtime-only-evaluation", "--allow-http-imports"},
    ),
    "deployments list": ("", set()),
    "deployments show": ("DEPLOYMENT", {"--at"}),
    "deployments instances": ("DEPLOYMENT", {"--at"}),
    "deployments topology": ("DEPLOYMENT", {"-o", "--format", "--at"}),
    "deployments outputs": ("DEPLOYMENT", {"--at"}),
    "deployments capabilities": ("DEPLOYMENT", {"--at"}),
    "deployments workflows": ("DEPLOYMENT", set()),
    "deployments delete": ("DEPLOYMENT", set()),
    "modifications list": ("", {"-d"}),
    "modifications show": ("ID", set()),
    "modifications finish": ("ID", set()),
    "modifications rollback": ("ID", set()),
    "plugins install": ("PATH", {"--yaml"}),
    "plugins list": ("", set()),
    "plugins show": ("NAME", set()),
    "run": (
        "WORKFLOW|MODULE:FUNCTION",
        {"-d", "-p", "--allow-custom-parameters", "--on-unknown", "--max-parallel", "--timeout", "--task-retries",
         "--task-retry-interval", "--dry-run", "--accept-loss"},
    ),
    "list": ("", {"--state", "-d"}),
    "show": ("ID", set()),
    "resume": (
        "ID",
        {"--dry-run", "--reset-operations", "--from", "--take-over", "--accept-changes", "--accept-loss",
         "--max-parallel"},
    ),
    "cancel": ("ID", {"--force", "--kill", "--reason"}),
    "journal": ("ID", {"-f", "--follow"}),
    "logs": ("ID", {"-f", "--follow"}),
    "verify": ("[ID]...", set()),
    "doctor": ("", {"--migrate"}),
    "demo": ("", {"--keep", "--clean"}),
    "secrets set": ("NAME", {"--keyring"}),
    "secrets list": ("", set()),
    "secrets delete": ("NAME", set()),
    "config show": ("", {"--origin"}),
    "explain": ("CODE", set()),
}  # fmt: skip


def commands(command, path=""):
    """Every command under one, by its path."""
    for name, found in command.commands.items():
        whole = f"{path} {name}".strip()
        if hasattr(found, "commands"):
            yield from commands(found, whole)
        else:
            yield whole, found


def options(command):
    return {name for one in command.get_params(typer.Context(command)) for name in one.opts if name.startswith("-")}


PROGRAM = typer.main.get_command(app)
FOUND = dict(commands(PROGRAM))


def test_the_program_has_exactly_the_commands_of_the_tree():
    assert set(FOUND) == set(TREE)


@pytest.mark.parametrize("name", sorted(TREE))
def test_a_command_takes_what_the_tree_says(name):
    positional, own = TREE[name]
    command = FOUND[name]
    arguments = [one.metavar for one in command.params if one.param_type_name == "argument"]
    assert " ".join(arguments) == positional
    assert options(command) == own | GLOBAL


def test_the_program_itself_takes_the_global_options():
    assert options(PROGRAM) == GLOBAL | {"--install-completion", "--show-completion"}


@pytest.mark.parametrize("path", sorted(EXAMPLES))
def test_every_help_begins_with_its_examples(inside, path):
    said = inside(*path.split(), "--help").stdout
    wanted = [f"    {example}" for example in EXAMPLES[path]]
    assert said.splitlines()[: len(wanted)] == wanted
    assert "Usage: durable-wf" in said


def test_every_command_and_group_has_an_example():
    groups = {" ".join(name.split()[:-1]) for name in FOUND}
    assert set(EXAMPLES) == set(FOUND) | groups | {""}


def test_every_command_has_a_shape_of_its_json():
    assert {name.partition(" --")[0].removesuffix(" exit-codes") for name in OUTPUTS} == set(TREE)


def test_alone_it_shows_five_commands_to_begin_with(inside):
    said = inside().stdout.splitlines()
    assert sum(line.startswith("durable-wf ") and "   " in line for line in said) == 5
    assert "--help" in said[-1]


@pytest.mark.parametrize("arguments", [["--version"], ["list", "--version"], ["show", "--version"]])
def test_the_version_can_be_asked_anywhere(inside, arguments):
    assert inside(*arguments).stdout == "durable-wf 0.1.0\n"


@pytest.mark.parametrize("arguments", [["--json", "list"], ["list", "--json"], ["deployments", "--json", "list"]])
def test_global_options_are_taken_before_and_after_the_verb(inside, arguments):
    assert fitting(inside(*arguments).stdout, "list")["items"] == []


def test_the_option_nearest_to_the_end_wins(inside, tmp_path):
    said = inside("--journal", tmp_path / "one.db", "list", "--journal", tmp_path / "two.db").stderr
    assert "two.db" in said
    assert "one.db" not in said


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["lsit"], "no such command 'lsit'"),
        (["list", "--stat", "x"], "no such option: --stat"),
        (["show"], "missing argument 'ID'"),
        (["run", "a:b", "--max-parallel", "0"], "--max-parallel"),
        (["list", "--color", "pink"], "--color"),
        (["deployments"], "Usage: durable-wf deployments"),
        (["config"], "Usage: durable-wf config"),
    ],
)
def test_a_command_line_that_cannot_be_read_ends_with_2(inside, arguments, text):
    done = inside(*arguments, code=2)
    assert text.lower() in done.stderr.lower()
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_a_usage_error_has_a_code_and_says_where_help_is(inside):
    said = inside("show", code=2).stderr
    assert "[usage]" in said
    assert "durable-wf show --help" in said


def test_a_command_begins_without_what_only_some_need():
    """Every command pays for what the tree of commands imports: it needs neither SQLite nor plans."""
    script = (
        "import sys, durable_wf.cli.app\n"
        "print(sorted({'peewee', 'sqlite3', 'durable_wf.model.plan', 'durable_wf.journal.verify'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_looking_is_quick_because_heavy_parts_stay_unloaded(tmp_path):
    program = Program(tmp_path)
    program("run", "tests.cli.flows:nothing")
    for arguments in (["--version"], ["list"], ["list", "--json"], ["config", "show"]):
        script = (
            "import sys\n"
            f"sys.argv = ['durable-wf', *{arguments!r}]\n"
            "from durable_wf.cli.app import main\n"
            "try:\n    main()\n"
            "except SystemExit as end:\n    assert not end.code, end.code\n"
            "found = {'networkx', 'yaml', 'rich', 'psutil', 'tenacity'} & set(sys.modules)\n"
            "assert not found, found\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", script],
            env=program.environ,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}: {done.stderr}"


@pytest.mark.parametrize(
    ("typed", "offered"),
    [("durable-wf re", "resume"), ("durable-wf show ", "{uid}"), ("durable-wf deployments show ", "small")],
)
def test_completion_offers_commands_ids_and_deployments(program, blueprint, typed, offered):
    program("run", "tests.cli.flows:nothing")
    program("deployments", "create", blueprint, "-d", "small")
    uid = program.uid()
    program.environ |= {
        "_DURABLE_WF_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(len(typed.split(" ")) - 1),
    }  # fmt: skip
    assert offered.format(uid=uid) in program().stdout.split()
