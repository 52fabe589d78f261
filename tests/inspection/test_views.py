"""Executions, deployments and tasks as people see them, on both stores."""

import json

import pytest

from durable_wf.clock import SystemClock
from durable_wf.errors import NotFoundError, UsageError
from durable_wf.inspection.deployments import deployment_detail, deployments, instances, workflows
from durable_wf.inspection.executions import execution_detail, executions, is_resumable
from durable_wf.inspection.find import find_deployment, find_execution, near, shown_state
from durable_wf.inspection.owners import Owner, may_have_lost, owner_of
from durable_wf.inspection.records import JournalEntry, plain
from durable_wf.inspection.tasks import names_of, to_error
from durable_wf.inspection.verification import check
from durable_wf.inspection.view import open_view
from durable_wf.model.states import EXECUTION, X
from tests.cli import flows
from tests.cli.conftest import BLUEPRINT, PLUGIN


@pytest.fixture
def deployed(engine, tmp_path, monkeypatch):
    """A deployment of the small blueprint."""
    (tmp_path / "blueprint.yaml").write_text(BLUEPRINT)
    (tmp_path / "small_plugin.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(str(tmp_path))
    return engine.deployments.create(tmp_path / "blueprint.yaml", "small")


def test_an_execution_in_detail(view, run):
    row = run(flows.fails, text="broken")
    found = execution_detail(view, view.store.history(row.id))
    assert (found.id, found.state, found.workflow_id) == (row.uid, "failed", "tests.cli.flows:fails")
    assert found.parameters == {"text": "broken"}
    assert (found.tasks, found.ended_by, found.unknown) == ({"failed": 1}, [1], [])
    assert found.error.type.endswith(":WorkflowFailed")
    (task,) = found.failed
    assert (task.number, task.kind, task.target, task.error.message) == (1, "operation", None, "broken")
    assert json.dumps(plain(found))


def test_an_execution_without_error_or_result(view, run):
    found = execution_detail(view, view.store.history(run(flows.nothing).id))
    assert (found.state, found.error, found.result, found.tasks) == ("terminated", None, None, {})


def test_the_list_names_deployments_also_those_that_were_deleted(engine, view, deployed):
    engine.wait(engine.start("count", {"times": 1}, deployment=deployed), 60)
    engine.wait(engine.start(flows.nothing), 60)
    number = find_deployment(view.store, deployed).id
    assert [one.deployment_id for one in executions(view)] == [None, "small"]
    assert [one.workflow_id for one in executions(view, deployment=number)] == ["count"]
    assert executions(view, state="failed") == []
    engine.deployments.delete(deployed)
    assert executions(view)[1].deployment_id == f"(deleted) {number}"


def test_a_deployment_in_detail(view, deployed):
    (short,) = deployments(view)
    assert (short.id, short.node_instances) == ("small", 3)
    found = deployment_detail(view, "small")
    assert found.description == "A small one."
    assert [(node.id, node.type) for node in found.nodes] == [("page", "small.Page"), ("site", "cloudify.nodes.Root")]
    assert found.outputs == ["title"]
    assert [one.node_id for one in instances(view, "small")] == ["page", "page", "site"]
    own = [one.name for one in workflows(view, "small") if one.plugin != "default_workflows"]
    assert own == ["count", "start_all"]
    for look in (deployment_detail, instances, workflows):
        with pytest.raises(NotFoundError, match="no deployment 'smal'") as caught:
            look(view, "smal")
        assert caught.value.hint == "did you mean 'small'?"


def test_tasks_are_found_by_number_and_path(view, run):
    row = run(flows.total)
    names = names_of(view.store.history(row.id))
    assert names.path(2) == "tests.cli.flows:add#2"
    for text in ("2", "tests.cli.flows:add#2", f"{row.uid}/2", f"{row.uid[:4]}/tests.cli.flows:add#2"):
        assert names.find(text, row.uid) == 2
    with pytest.raises(NotFoundError):
        names.find("3", row.uid)
    with pytest.raises(NotFoundError):
        names.find("", row.uid)


def test_a_path_that_several_tasks_have_needs_the_number(view, run):
    row = run(flows.nested)
    history = view.store.history(row.id)
    twin = history.tasks[-1]._replace(no=99)
    history.tasks.append(twin)
    names = names_of(history)
    with pytest.raises(UsageError, match=f"is the path of tasks {history.tasks[-2].no}, 99"):
        names.find(names.path(99), row.uid)


def test_executions_are_found_by_a_unique_beginning(view, run):
    row = run(flows.nothing)
    assert find_execution(view.store, row.uid[:5]) == row
    with pytest.raises(NotFoundError):
        find_execution(view.store, "")
    with pytest.raises(NotFoundError, match="no execution 'zzz'"):
        find_execution(view.store, "zzz")


def test_what_is_near_is_shown_and_else_what_there_is():
    assert near("thing", "abd", ["abc", "xyz"]).hint == "did you mean 'abc'?"
    assert near("thing", "qqq", [f"n{number:02}" for number in range(12)]).hint.endswith("n09, and 2 more")
    assert near("thing", "qqq", []).hint is None


@pytest.mark.parametrize("state", list(X))
def test_only_a_live_owner_keeps_an_active_execution_from_being_interrupted(view, run, state):
    row = run(flows.nothing)._replace(state=EXECUTION.code(state))
    assert shown_state(row, owned=True) == state
    stays = state in EXECUTION.ended or state in (X.SCHEDULED, X.QUEUED, X.PAUSED)
    assert shown_state(row, owned=False) == (state if stays else X.INTERRUPTED)


def test_what_may_be_resumed():
    assert {state for state in X if is_resumable(state)} == {X.INTERRUPTED, X.FAILED, X.CANCELLED}


def test_who_ran_it_is_read_from_its_row(view, run):
    row = run(flows.nothing)
    assert isinstance(owner_of(row), Owner)
    assert owner_of(row).boot_id == SystemClock().now().boot_id
    old = row._replace(owner_json='{"pid": 1, "start": 1.5, "pid_ns": 2}')
    assert owner_of(old) == Owner(1, 1.5, 2, None, None)
    assert may_have_lost(old, "now") is None, "a row that does not say is no reason to warn"
    for text in (None, "{}", '{"pid": 1}', '{"pid": null, "start": 1, "pid_ns": 2}'):
        assert owner_of(row._replace(owner_json=text)) is None
    assert str(Owner(7, 0.0, 1)) == "process 7, running since 1970-01-01T00:00:00.000000Z"


def test_verification_counts_what_it_checked(view, run):
    row = run(flows.total)
    found = check(view.store, SystemClock())
    assert (found.problems, found.trust, found.executions) == ([], None, 1)
    assert found.rows["transition"] == len(view.store.transitions(row.id))
    assert 0 < check(view.store, SystemClock(), [row.id]).rows["link"] <= found.rows["link"]


def test_a_view_of_a_file_is_given_back(engine, run, tmp_path):
    run(flows.nothing)
    if not (tmp_path / "journal.db").exists():
        with pytest.raises(NotFoundError, match="there is no journal"):
            open_view(tmp_path / "journal.db")
        return
    with open_view(tmp_path / "journal.db") as view:
        assert [view.state(row) for row in view.store.executions()] == ["terminated"]


def test_a_trailing_underscore_is_not_printed():
    entry = JournalEntry(1, None, "", "task", 1, None, "", "a", "b", "", None, None, None, None, {"k": (1,)})
    assert plain(entry)["from"] == "a"
    assert plain(entry)["detail"] == {"k": [1]}


@pytest.mark.parametrize("record", [None, "text", {}, {"type": "x"}])
def test_what_is_no_recorded_error_is_none(record):
    assert to_error(record) is None
