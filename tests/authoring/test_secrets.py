"""L10: what get_secret gives is in no byte of the journal or its side files, however an operation gives it away.

And capabilities of other deployments of the journal, read at run time (blueprint-dsl §14).
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from durable_wf import RunOptions
from durable_wf.dsl.outcomes import UnknownSecretError
from durable_wf.sources.vault import VAULT
from tests.authoring import secretive

BLUEPRINT = Path(__file__).parent / "secret" / "blueprint.yaml"
PASSWORD, PART = "hush-Hush-42", "d€ep-part"
SECRETS = {"password": PASSWORD, "json": json.dumps({"deep": [PART, 1]}), "other": PASSWORD[::-1]}
AT_ONCE = RunOptions(task_retries=0, task_retry_interval=0)


@pytest.fixture(autouse=True)
def secrets():
    """The store; a test may change it."""
    found = dict(SECRETS)
    VAULT.use(found)
    secretive.GIVEN.clear()
    return found


@pytest.fixture
def life(deploy):
    """A process with the deployment `d`."""
    return deploy(BLUEPRINT)


def run(life, workflow="acts", deployment="d", **parameters):
    """What the workflow returned, or raises what it raised; never with a secret in what is stored."""
    uid, _ = life.run(workflow, parameters, deployment=deployment, options=AT_ONCE, allow_custom_parameters=True)
    try:
        return life.engine.result(uid)
    finally:
        assert leaks(life) == []


def leaks(life):
    """Where secrets are as themselves: in rows, and in files beside the journal."""
    texts = {f"row {one!r:.80}": repr(one) for one in rows(life.journal)}
    path = getattr(life.journal, "path", None)
    for file in Path(path).parent.rglob("*") if path else ():
        if file.is_file():
            texts[file.name] = file.read_bytes().decode("utf-8", "replace")
    values = {PASSWORD, PART, PART.replace("€", "\\u20ac")}
    return [where for where, text in texts.items() if any(value in text for value in values)]


def rows(journal):
    yield from journal.blueprints()
    for deployment in journal.deployments():
        yield from (deployment, *journal.nodes(deployment.id), *journal.instances(deployment.id))
    for execution in journal.executions():
        history = journal.history(execution.id)
        yield from (execution, history, *journal.events(execution.id), *journal.transitions(execution.id))


def properties(life):
    (row,) = life.journal.instances(1)
    return json.loads(row.runtime_properties_json)


def messages(life):
    return [one.message for one in life.journal.events(1)]


def test_L10_inputs_are_evaluated_for_each_attempt_and_stored_as_calls(life, secrets):
    """The operation gets the values; a retry, or a later run, gets those that are there then."""
    run(life, what="")
    assert secretive.GIVEN == [{"password": PASSWORD, "part": PART}]
    secrets["password"] = "another-one"
    run(life, what="")
    assert secretive.GIVEN[1]["password"] == "another-one"


def test_L10_logs_and_events_are_masked(life):
    """Of the context's logger and of others', with arguments, with tracebacks, and where a line is cut."""
    run(life, what="logs")
    said = messages(life)
    assert "the password is <secret password>, and <secret json.deep.0>" in said
    assert "connecting with <secret password>" in said
    assert "an event of <secret password>" in said
    assert any("KeyError: '<secret password>'" in line for line in said)
    assert not any(PASSWORD[:8] in line for line in said)


@pytest.mark.parametrize("what", ["raises", "raises attributes"])
def test_L10_errors_are_masked(life, what):
    """Message, arguments, attributes, traceback and causes; the workflow sees no more than the journal has."""
    with pytest.raises(Exception, match=r"<secret password>|^5$") as caught:
        run(life, what=what)
    assert PASSWORD not in repr(vars(caught.value)) + str(caught.value) + str(caught.value.__cause__)


def test_L10_a_request_to_retry_is_masked(life):
    """As any error."""
    with pytest.raises(Exception, match="not with <secret password>"):
        run(life, what="asks again")


def test_L10_properties_are_stored_as_references_and_read_back_as_values(life):
    """By update() and at the operation's end; what is not touched is no change."""
    run(life, what="keeps")
    kept = {"password": {"get_secret": "password"}, "all": [{"get_secret": ["json", "deep", 0]}, "plain"]}
    assert properties(life) == {"kept": kept, "state": "open", "second": {"get_secret": "password"}}
    VAULT.forget()  # as another process
    assert run(life, what="finds") == ["kept", "other", "second", "state"]
    assert properties(life)["kept"] == kept


def test_L10_results_are_stored_as_references(life):
    """The workflow gets the reference."""
    assert run(life, what="returns") == {
        "password": {"get_secret": "password"},
        "all": [{"get_secret": ["json", "deep", 0]}],
    }


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("returns inside", r"result\.deep\[0\] has the secret 'password' inside of it"),
        ("keeps inside", r"runtime_properties of safe_1\.url has the secret 'password' inside of it"),
    ],
)
def test_L10_a_text_with_a_secret_inside_fails_the_attempt(life, what, text):
    """The error names the key; nothing of it is stored."""
    with pytest.raises(Exception, match=text):
        run(life, what=what)
    assert properties(life) == {}


def test_L10_a_result_that_is_a_secret_can_be_passed_on(life):
    """It is evaluated again where it is used, also by a task without a node."""
    run(life, "passes_on")
    again = {"password": PASSWORD, "all": [PART]}
    assert secretive.GIVEN[1:] == [{"password": PASSWORD, "part": PART, "again": again}, again]


def test_L10_outputs_and_capabilities_show_no_secret(life):
    """They are masked, alone and inside of a text."""
    run(life, what="keeps")
    assert life.engine.deployments.outputs("d") == {
        "token": "<secret password>",
        "url": "user:<secret password>@host",
        "kept": {"password": "<secret password>", "all": ["<secret json.deep.0>", "plain"]},
        "state": "open",
    }
    assert life.engine.deployments.capabilities("d") == {"state": "open", "token": "<secret password>"}


def test_a_workflow_function_gets_no_secret(life):
    """A replay must find the same; other functions are answered at its view."""
    run(life, what="keeps")
    value, text = run(life, "asks_for_it")
    assert value == "open"
    assert "get_secret is not evaluated in a workflow function" in text


def test_all_missing_secrets_are_listed_when_a_deployment_is_created(life, secrets):
    """And no deployment is made; ones that only run time names are not asked for."""
    secrets.clear()
    with pytest.raises(UnknownSecretError, match="not there: json, no, password") as caught:
        life.engine.deployments.create(BLUEPRINT, "e", {"name": "no"})
    assert caught.value.hint == "durable-wf secrets set json"
    assert [row.name for row in life.journal.deployments()] == ["d"]


def test_a_secret_that_is_gone_at_run_time_fails_the_attempt(life, secrets):
    """With its name."""
    del secrets["password"]
    with pytest.raises(Exception, match="get_secret: there is no secret 'password'"):
        run(life, what="")


def test_capabilities_of_other_deployments(life):
    """As they are when an operation begins; what a deployment that is gone had is an error."""
    life.engine.deployments.create(BLUEPRINT, "e", {"name": "other"})
    run(life, what="keeps")
    assert run(life, deployment="e", what="reads") == {
        "capability": "open",
        "group": {"d": "open", "e": None},
        "consumers": [],
        "label": "red",
        "me": "e",
    }
    assert secretive.GIVEN[-1]["environment"] == PASSWORD
    assert run(life, what="reads")["consumers"] == ["d", "e"]
    life.engine.deployments.delete("d")
    with pytest.raises(Exception, match="there is no deployment 'd'"):
        run(life, deployment="e", what="reads")


def test_runtime_only_evaluation_is_kept(life):
    """The deployment's nodes hold calls, and everything works as before."""
    life.engine.deployments.create(BLUEPRINT, "e", runtime_only=True)
    topology = life.engine.deployments.find("e")
    assert topology.settings == {"runtime_only_evaluation": True}
    assert topology.nodes()["safe"].properties["token"] == {"get_secret": {"get_input": "name"}}
    run(life, what="keeps")
    run(life, deployment="e", what="keeps")
    assert run(life, deployment="e", what="reads")["capability"] == "open"
    assert life.engine.deployments.outputs("e")["token"] == "<secret password>"
