"""L10 with real processes: no byte that they leave or say has a secret in it, through a SIGKILL and a resume."""

import base64
import json
import os
import re
import signal
import subprocess
import sys
from contextlib import closing
from urllib.parse import quote

import pytest

from durable_wf.journal.reader import open_reader
from durable_wf.sources.forms import forms, lines_of
from tests.cli.kit import Program, environment
from tests.crash.kit import ROOT

pytestmark = pytest.mark.crash

BLUEPRINT = ROOT / "tests" / "crash" / "spills" / "blueprint.yaml"
KEY = (
    "-----BEGIN KEY-----\n"
    + "\n".join(f"MIIEvQIBADANBgkqhki{line}G9w0BAQEFAASC" for line in range(3))
    + "\n-----END KEY-----\n"
)
INPUTS = {
    "password": "Hunter-Two~42",
    "pin": 6031769542,
    "login": {"name": "me", "password": "Deep pass'word/9+ü"},
    "key": KEY,
    "odd": 'q"uo\\te {€}\t<&> %41 \N{PILE OF POO}',
    "tiny": "ZqX7",
}
DIRECT, PARAMETER = "Direct:Secret=99", "Given/By+Hand 3"
FROM_FILES = ("LiTeRal-In-Blueprint", "PlugIn-Token-88", "Operation-Default-7", "Parameter-Default-5")
LONG = [
    *(INPUTS[name] for name in ("password", "key", "odd")),
    *(str(INPUTS["pin"]), INPUTS["login"]["password"], DIRECT, PARAMETER, *FROM_FILES),
]
LOOKING = (
    *(("list",), ("show", "ID"), ("journal", "ID"), ("logs", "ID"), ("verify",), ("doctor",), ("config", "show")),
    *(("secrets", "list"), ("plugins", "list"), ("deployments", "list"), ("deployments", "show", "d")),
    *(("deployments", name, "d") for name in ("instances", "outputs", "capabilities", "workflows")),
)


def in_json(value):
    """How JSON with the value in it looks where that is an argument of a command, a URL or a header; by other means."""
    texts = [json.dumps(value), json.dumps(value, ensure_ascii=False)]
    for text in texts:
        yield str([text])[3:-3]
        yield str([text.encode()])[4:-3]
        yield quote(text)[3:-3]
        yield base64.b64encode(text.encode())[4:-8].decode()


class Place:
    """A folder with a store of secrets outside of it, and all that commands said."""

    def __init__(self, folder, elsewhere):
        self.program = Program(folder)
        self.store = elsewhere / "store.json"
        self.inputs = elsewhere / "inputs.json"
        self.inputs.write_text(json.dumps(INPUTS, ensure_ascii=False))
        self.parameters = elsewhere / "parameters.json"
        self.parameters.write_text(json.dumps({"param": PARAMETER}))
        self.program.environ = environment(
            folder,
            DURABLE_WF_JOURNAL=str(folder / "journal.db"),
            DURABLE_WF_SECRETS_FILE=str(self.store),
            SPILLING_MARKER=str(elsewhere / "marker"),
            PYTHONDONTWRITEBYTECODE="1",
        )
        self.said = {}
        self.call("secrets", "set", "direct", stdin=DIRECT)

    def call(self, *arguments, code=0, stdin=None, flags=()):
        """Run a command; what it says is kept."""
        read, write = os.pipe()
        os.write(write, (stdin or "").encode())
        os.close(write)
        process = self.program.begin(*arguments, *flags, stdin=read)
        os.close(read)
        done = self.program.end(process, code)
        self.said[" ".join(map(str, (*arguments, *flags)))] = done.stdout + done.stderr
        return done

    def leaks(self):
        """Where a secret is: (file or command, the secret's beginning, the form)."""
        texts = {name: text.encode() for name, text in self.said.items()}
        for file in self.program.folder.rglob("*"):
            if file.is_file():
                texts[file.name] = file.read_bytes()
        wanted = {form: value for value in LONG for form in (value, *forms(value), *lines_of(value), *in_json(value))}
        found = [
            (name, wanted[form][:9], form) for name, text in texts.items() for form in wanted if form.encode() in text
        ]
        tiny = re.compile(rb"(?<!\w)%s(?!\w)" % INPUTS["tiny"].encode())
        return found + [(name, "tiny", INPUTS["tiny"]) for name, text in texts.items() if tiny.search(text)]


@pytest.fixture
def place(tmp_path):
    """`journal.db` and all else that is searched is in `here`; what holds the secrets of itself is not."""
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    made = Place(tmp_path / "here", tmp_path / "there")
    yield made
    made.program.close()


def test_L10_no_byte_of_a_journal_a_file_or_an_output_has_a_secret(place):
    """Planted in inputs, properties, parameters, plugins; spilled in logs, events, errors, results and properties."""
    place.call("validate", BLUEPRINT, "-v")
    place.call("plan", BLUEPRINT, "-i", place.inputs, flags=("-v",))
    for name in ("plan.json", "plan.svg"):
        place.call("plan", BLUEPRINT, "-i", place.inputs, "-o", place.program.folder / name)
    place.call("deployments", "create", BLUEPRINT, "-d", "d", "-i", place.inputs, flags=("-v",))
    options = ("--task-retries", "1", "--task-retry-interval", "0")
    place.call("run", "spills", "-d", "d", "-p", place.parameters, *options, "-v", "--debug", code=-signal.SIGKILL)
    assert place.leaks() == []  # the -wal, too, of the process that is dead
    uid = place.program.uid()
    place.call("show", uid, flags=("-v",))
    place.call("resume", uid, "-v", "--debug", code=1)
    assert place.leaks() == []
    for command in LOOKING:
        arguments = [uid if word == "ID" else word for word in command]
        place.call(*arguments, flags=("-v", "--debug"))
        if arguments[0] in ("show", "journal", "logs", "deployments"):
            place.call(*arguments, flags=("--json",))
    assert place.leaks() == []
    assert_all_was_spilled(place, uid)
    place.call("deployments", "delete", "d")
    assert json.loads(place.store.read_text()) == {"direct": DIRECT}
    assert place.leaks() == []


def assert_all_was_spilled(place, uid):
    """The search means something: the operations had the values, and everything was masked and refused as it should."""
    logs = place.said[f"logs {uid} -v --debug"]
    for path in ("password", "pin", "login.password", "key", "odd", "tiny"):
        assert f"<secret @d.inputs.{path}." in logs, path
    assert "<secret direct>" in logs
    assert "alive with <secret @d.inputs.password." in logs
    for what in ("url", "token.basic", "a key of runtime_properties of safe_"):
        assert re.search(rf"{re.escape(what)}\S* has the secret '@d.inputs.password.\w+' inside of it|{what}", logs), (
            what
        )
    outputs = place.program.json("deployments", "outputs", "d")["outputs"]
    assert outputs["whole"].startswith("<secret @d.inputs.password.")
    assert outputs["kept"]["first"] == outputs["whole"]
    place.said["echo"] = f"x{KEY}x"
    assert {name for name, _, _ in place.leaks()} == {"echo"}
    del place.said["echo"]


def test_L10_errors_about_secret_values_do_not_quote_them(place):
    """Wrong types, constraints, unknown names, errors of YAML; of inputs and of parameters. Nothing is written."""
    for given in (
        'password={a: "Hunter-Two~42"}',
        "password=ZqX7",
        "pin=Hunter-Two~42",
        "login={name: x, password: [Hunter-Two~42], more: Hunter-Two~42}",
        "login=Hunter-Two~42",
        "password=[Hunter-Two~42",
    ):
        arguments = (BLUEPRINT, "-i", place.inputs, "-i", given)
        place.call("deployments", "create", *arguments, code=3, flags=("-v", "--debug"))
        place.call("plan", *arguments, code=3)
    assert place.leaks() == []
    assert not place.program.journal.exists()


POINTS = ("before the values", "before the rename", "after the values", "before the commit", "after the commit")


def killed(place, point, *arguments, stdin=""):
    """Run a command that is killed there."""
    command = [sys.executable, "-m", "tests.crash.stops", point, *map(str, arguments)]
    environ = {**place.program.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=place.program.folder, env=environ, input=stdin, capture_output=True, text=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


def named(place):
    """The names of secrets in the journal that the engine made."""
    if not place.program.journal.exists():
        return set()
    with closing(open_reader(place.program.journal)) as reader:
        texts = [one.inputs_json for one in reader.deployments()]
        texts += [one.parameters_json for one in reader.executions()]
    return set(re.findall(r'"(@d\.[^"]*)"', "".join(texts)))


@pytest.mark.parametrize("point", POINTS)
def test_a_deployment_is_there_with_all_its_values_or_not_at_all(place, point):
    """No row names a value that is not there, the file of secrets is whole, and the command can be given again."""
    killed(place, point, "deployments", "create", BLUEPRINT, "-d", "d", "-i", place.inputs)
    kept = json.loads(place.store.read_text())
    assert kept["direct"] == DIRECT
    assert named(place) <= kept.keys()
    is_there = point == "after the commit"
    assert bool(named(place)) == is_there
    place.call("deployments", "create", BLUEPRINT, "-d", "d", "-i", place.inputs, code=2 if is_there else 0)
    assert len(named(place)) == len(INPUTS)
    assert named(place) <= json.loads(place.store.read_text()).keys()
    assert place.leaks() == []


def test_an_execution_is_there_with_its_parameters_or_not_at_all(place):
    """As a deployment is."""
    place.call("deployments", "create", BLUEPRINT, "-d", "d", "-i", place.inputs)
    before = named(place)
    for point in POINTS[-2:]:
        killed(place, point, "run", "spills", "-d", "d", "-p", place.parameters)
        assert named(place) <= json.loads(place.store.read_text()).keys()
        assert len(named(place) - before) == (2 if point == "after the commit" else 0)
    assert place.leaks() == []


@pytest.mark.parametrize(("point", "value"), [("before the rename", DIRECT), ("after the values", "another-one")])
def test_setting_a_secret_is_whole_or_nothing(place, point, value):
    """The file is the old one or the new one."""
    killed(place, point, "secrets", "set", "direct", stdin="another-one")
    assert json.loads(place.store.read_text()) == {"direct": value}
    place.call("secrets", "set", "direct", stdin=DIRECT)
