"""`secrets …`, and what the other commands do with secrets: a value is never shown."""

import os
import select
import stat

import pytest

from tests.cli.kit import TIMEOUT_S

VALUE = "hush-hush-42"

BLUEPRINT = """\
tosca_definitions_version: cloudify_dsl_1_5
imports: [cloudify/types/types.yaml]
node_types:
  T: {derived_from: cloudify.nodes.Root, properties: {x: {}}}
node_templates:
  n: {type: T, properties: {x: {string_lower: {get_input: i}}}}
inputs: {i: {default: ABC}}
labels: {colour: {values: [red]}}
outputs:
  url: {value: {concat: ["user:", {get_secret: password}]}}
  token: {value: {get_secret: password}}
capabilities:
  token: {value: {get_secret: password}}
  x: {value: {get_property: [n, x]}}
"""


@pytest.fixture
def store(tmp_path, monkeypatch):
    """Where the calls of a test keep their secrets; those of `program` by its environment."""
    monkeypatch.setenv("DURABLE_WF_SECRETS_FILE", str(tmp_path / "store.json"))
    return tmp_path / "store.json"


@pytest.fixture
def needy(tmp_path):
    """A blueprint that asks for secrets."""
    (tmp_path / "needy.yaml").write_text(BLUEPRINT)
    return tmp_path / "needy.yaml"


def test_a_secret_from_its_setting_to_its_end(inside, store):
    """The value is read from standard input, and shown by no command."""
    said = inside("secrets", "list")
    assert said.stdout == ""
    assert f"no secrets; looked in: environment, {store}" in said.stderr
    said = [inside("secrets", "set", "password", stdin=f"{VALUE}\n")]
    assert said[0].stderr == f"secret 'password' is kept in {store}\n"
    assert stat.S_IMODE(store.stat().st_mode) == 0o600
    assert VALUE in store.read_text()
    assert "\\n" not in store.read_text()
    said += [inside("secrets", "set", "other", "--json", stdin="x"), inside("secrets", "list")]
    assert inside.json("secrets", "list")["items"] == [
        {"name": "other", "store": str(store)},
        {"name": "password", "store": str(store)},
    ]
    assert inside("secrets", "list", "-q").stdout == "other\npassword\n"
    said += [inside("secrets", "delete", "password")]
    assert inside.json("secrets", "delete", "other") == {"schema_version": 1, "name": "other", "stores": [str(store)]}
    inside("secrets", "delete", "other", code=7)
    assert not any(VALUE in text for one in said for text in (one.stdout, one.stderr))
    assert not inside.journal.exists()


@pytest.mark.parametrize(
    ("stdin", "text"), [("", "1 to 100000 bytes"), ("\n", "1 to 100000 bytes"), (b"\xff\xfe", "is not UTF-8")]
)
def test_what_is_no_value(inside, store, stdin, text):
    """Nothing is written."""
    assert text in inside("secrets", "set", "password", stdin=stdin, code=2).stderr
    assert not store.exists()


def read_on(terminal):
    """What is shown next; b"" when the other side is closed."""
    ready, _, _ = select.select([terminal], [], [], TIMEOUT_S)
    assert ready, "nothing more is shown"
    try:
        return os.read(terminal, 1000)
    except OSError:
        return b""


def test_a_terminal_is_asked_without_echo(program, tmp_path):
    """What is typed is not shown."""
    file = tmp_path / "typed.json"
    program.environ["DURABLE_WF_SECRETS_FILE"] = str(file)
    ours, theirs = os.openpty()
    terminal = {"stdin": theirs, "stdout": theirs, "stderr": theirs, "text": False, "start_new_session": True}
    process = program.begin("secrets", "set", "password", **terminal)
    os.close(theirs)
    shown = b""
    while b"value: " not in shown:  # its last blank comes when the echo is off, and what was typed before is lost
        shown += read_on(ours)
    os.write(ours, f"{VALUE}\n".encode())
    while more := read_on(ours):
        shown += more
    os.close(ours)
    assert process.wait(TIMEOUT_S) == 0
    assert VALUE in file.read_text()
    assert VALUE.encode() not in shown


def test_the_environment_is_asked_first(inside, store):
    """And said so."""
    said = inside("secrets", "set", "password", stdin=VALUE, DURABLE_WF_SECRET_password="env")
    assert "the environment has this name too" in said.stderr
    assert inside("secrets", "list", DURABLE_WF_SECRET_password="env").stdout.splitlines()[1].split() == [
        "password",
        "environment",
    ]


def test_a_file_that_others_may_read_is_refused(inside, store, needy):
    """Before a journal is made."""
    inside("secrets", "set", "password", stdin=VALUE)
    store.chmod(0o644)
    said = inside("deployments", "create", needy, code=10)
    assert "chmod 600" in said.stderr
    assert not inside.journal.exists()


def test_a_deployment_with_secrets(inside, store, needy):
    """All that are missing are named before anything is written; outputs and capabilities mask them."""
    said = inside("deployments", "create", needy, code=3)
    assert "secrets that are not there: password" in said.stderr
    assert "durable-wf secrets set password" in said.stderr
    assert not inside.journal.exists()
    inside("secrets", "set", "password", stdin=VALUE)
    made = inside.json("deployments", "create", needy)
    assert (made["capabilities"], made["labels"]) == (["token", "x"], {"colour": ["red"]})
    assert inside.json("deployments", "outputs", "needy")["outputs"] == {
        "url": "user:<secret password>",
        "token": "<secret password>",
    }
    shown = inside("deployments", "capabilities", "needy").stdout
    assert shown.splitlines() == ["token = <secret password>", "x = abc"]
    assert "capabilities token, x" in inside("deployments", "show", "needy").stdout
    assert VALUE.encode() not in inside.journal.read_bytes()


def test_what_functions_make_of_a_secret_is_masked_in_outputs(inside, store, tmp_path):
    """Also of an input; what they make of other things is shown."""
    (tmp_path / "made.yaml").write_text(
        "tosca_definitions_version: cloudify_dsl_1_5\n"
        "inputs: {pw: {type: string, secret: true}}\n"
        "outputs:\n"
        "  loud: {value: {string_upper: {get_input: pw}}}\n"
        "  both: {value: [{string_split: [{concat: [{get_input: pw}, '!x']}, '!']}, {string_upper: plain-text}]}\n"
        "  other: {value: {concat: ['a ', {string_replace: [{get_secret: password}, '-', '+']}]}}\n"
    )
    inside("secrets", "set", "password", stdin="hush-hush-42")
    (tmp_path / "in.yaml").write_text("pw: correct-horse")
    inside("deployments", "create", tmp_path / "made.yaml", "-i", tmp_path / "in.yaml")
    outputs = inside.json("deployments", "outputs", "made")["outputs"]
    assert outputs["loud"].startswith("<secret string_upper of @made.inputs.pw")
    assert outputs["both"][0][0].startswith("<secret @made.inputs.pw")
    assert outputs["both"][1] == "PLAIN-TEXT"
    assert outputs["other"] == "a <secret string_replace of password>"


def test_an_output_whose_secret_is_gone_is_left_out(inside, store, needy):
    """As the reference says; a part of one is an error text."""
    inside("secrets", "set", "password", stdin=VALUE)
    inside("deployments", "create", needy)
    inside("secrets", "delete", "password")
    assert inside.json("deployments", "outputs", "needy")["outputs"] == {
        "url": "<ERROR: get_secret: there is no secret 'password'>"
    }


def test_runtime_only_evaluation(inside, store, needy):
    """Properties stay calls until they are read."""
    inside("secrets", "set", "password", stdin=VALUE)
    inside("deployments", "create", needy, "--runtime-only-evaluation")
    assert inside.json("deployments", "capabilities", "needy")["capabilities"]["x"] == "abc"


def test_the_file_can_be_set_in_the_configuration(inside, tmp_path, monkeypatch):
    """As any setting."""
    monkeypatch.delenv("DURABLE_WF_SECRETS_FILE")
    (tmp_path / "durable-wf.toml").write_text('secrets_file = "mine.json"\n')
    inside("secrets", "set", "password", stdin=VALUE)
    assert VALUE in (tmp_path / "mine.json").read_text()


def test_the_value_is_no_argument(inside, store):
    """Arguments are seen by every process of the machine."""
    inside("secrets", "set", "password", VALUE, code=2)
    assert not store.exists()
