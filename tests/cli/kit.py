"""The command line as a person has it, and the schema that its JSON must fit."""

import json
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from typer.testing import CliRunner

from durable_wf.cli.app import app
from durable_wf.cli.shapes import OUTPUTS
from durable_wf.journal import driver
from durable_wf.journal.sqlite import open_journal
from durable_wf.model.rows import Changes, ExecutionMove

ROOT = Path(__file__).parents[2]
COMMAND = Path(sys.executable).parent / "durable-wf"
FLOWS = "tests.cli.flows"
TIMEOUT_S = 90
SCHEMA = json.loads((ROOT / "schema" / "output.schema.json").read_text())
_TYPES = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
    "array": list,
    "object": dict,
}


class Done(NamedTuple):
    """How a call ended, and what it printed."""

    code: int
    stdout: str
    stderr: str


def environment(folder, **more):
    """A newcomer's, with the tests' modules importable."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("DURABLE_WF", "XDG_", "CI"))}
    kept[driver.VARIABLE] = os.environ[driver.VARIABLE]
    home = folder / "home"
    home.mkdir(exist_ok=True)
    return {**kept, "HOME": str(home), "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "TERM": "xterm", **more}


class Program:
    """Calls of the installed command in one folder, with one journal."""

    def __init__(self, folder):
        self.folder = folder
        self.journal = folder / "journal.db"
        self.environ = environment(folder, DURABLE_WF_JOURNAL=str(self.journal))
        self.started = []

    def begin(self, *arguments, **options):
        """A process that goes on."""
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        options = {**pipes, "text": True, **options}
        process = subprocess.Popen([COMMAND, *map(str, arguments)], cwd=self.folder, env=self.environ, **options)
        self.started.append(process)
        return process

    def end(self, process, code):
        """Wait for it; it must end with this code."""
        stdout, stderr = process.communicate(timeout=TIMEOUT_S)
        assert process.returncode == code, f"ended with {process.returncode}, not {code}\n{stdout}\n{stderr}"
        return Done(process.returncode, stdout, stderr)

    def __call__(self, *arguments, code=0, **options):
        return self.end(self.begin(*arguments, **options), code)

    def json(self, *arguments, code=0, shape=None):
        """What it prints with --json, which must fit its schema."""
        return fitting(self(*arguments, "--json", code=code).stdout, shape or command_of(arguments))

    def uid(self):
        """The newest execution's id."""
        return self.json("list")["items"][0]["id"]

    def close(self):
        for process in self.started:
            if process.poll() is None:
                process.kill()
            for stream in (process.stdout, process.stderr):
                if stream is not None:
                    stream.close()
            process.wait()


class Inside:
    """The same calls in this process: quicker, and where nothing of the process matters."""

    def __init__(self, folder):
        self.folder = folder
        self.journal = folder / "journal.db"
        self.environ = {"DURABLE_WF_JOURNAL": str(self.journal), "HOME": str(folder), "NO_COLOR": "1", "CI": None}

    def __call__(self, *arguments, code=0, stdin=None, **environ):
        result = CliRunner().invoke(
            app, [*map(str, arguments)], input=stdin, env={**self.environ, **environ}, prog_name="durable-wf"
        )
        assert result.exit_code == code, (
            f"ended with {result.exit_code}, not {code}\n{result.output}\n{result.exception!r}"
        )
        return Done(result.exit_code, result.stdout, result.stderr)

    def json(self, *arguments, code=0, shape=None):
        return fitting(self(*arguments, "--json", code=code).stdout, shape or command_of(arguments))

    def uid(self):
        return self.json("list")["items"][0]["id"]


def rewrite_owner(program, **changes):
    """As if another process had written itself into the execution's row."""
    with closing(open_journal(program.journal)) as journal, journal.turn() as turn:
        row = turn.execution(1)
        owner = json.dumps({**json.loads(row.owner_json), **changes})
        moved = (row.state, row.fence, owner, row.started_us, row.ended_us, row.ended_seq, row.report, row.id)
        turn.apply(Changes(execution_moves=[ExecutionMove(*moved)]))


def command_of(arguments):
    """The name under which the schema has what a command line prints."""
    return next(name for name in (" ".join(map(str, arguments[:2])), str(arguments[0])) if name in OUTPUTS)


def fitting(text, command):
    """The JSON document of a command, after checking that it fits the schema."""
    document = json.loads(text)
    name = f"command.{command.replace(' ', '-').replace('--', '')}"
    assert misfits(document, SCHEMA["$defs"][name], name) == []
    return document


def misfits(value, schema, path):
    """Where a value does not fit: the words of JSON Schema that our generator uses, and no others."""
    if "$ref" in schema:
        return misfits(value, SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]], path)
    if "anyOf" in schema:
        found = [misfits(value, one, path) for one in schema["anyOf"]]
        return [] if [] in found else found[0]
    if "const" in schema:
        return [] if value == schema["const"] else [f"{path}: {value!r}"]
    wanted = schema.get("type")
    if wanted is None:
        return []
    if not isinstance(value, _TYPES[wanted]) or (isinstance(value, bool) and wanted != "boolean"):
        return [f"{path}: {value!r} is no {wanted}"]
    if wanted == "array":
        return [one for index, item in enumerate(value) for one in misfits(item, schema["items"], f"{path}[{index}]")]
    return _object_misfits(value, schema, path) if wanted == "object" else []


def _object_misfits(value, schema, path):
    known, more = schema.get("properties", {}), schema.get("additionalProperties", {})
    found = [f"{path}: {name} is missing" for name in schema.get("required", ()) if name not in value]
    for key, item in value.items():
        if key in known:
            found += misfits(item, known[key], f"{path}.{key}")
        elif more is False:
            found.append(f"{path}: {key} is not declared")
        else:
            found += misfits(item, more, f"{path}.{key}")
    return found
