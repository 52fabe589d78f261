"""Blueprints with scripts: all can be said and stored of them, and what does not need a script runs."""

import pytest

BLUEPRINT = """\
tosca_definitions_version: cloudify_dsl_1_5
imports: [cloudify/types/types.yaml]
plugins: {flows: {executor: central_deployment_agent, install: false}}
node_templates:
  web:
    type: cloudify.nodes.Root
    interfaces:
      cloudify.interfaces.lifecycle: {start: scripts/start.sh, stop: "echo one\\necho two"}
workflows:
  count: flows.scripted_flows.count
  start_web: flows.scripted_flows.start
  stop_web: flows.scripted_flows.stop
  scripted: scripts/start.sh
"""

PLUGIN = """\
def count(ctx):
    return len(list(ctx.node_instances))


def _execute(ctx, name):
    for instance in ctx.node_instances:
        instance.execute_operation(f"cloudify.interfaces.lifecycle.{name}").get()


def start(ctx):
    _execute(ctx, "start")


def stop(ctx):
    _execute(ctx, "stop")
"""

WARNING = (
    "warning: operations web.cloudify.interfaces.lifecycle.start (the script 'scripts/start.sh'), "
    "web.cloudify.interfaces.lifecycle.stop (the script that begins with 'echo one') cannot be run: "
    "this version of durable-wf does not run scripts yet"
)


@pytest.fixture
def scripted(tmp_path):
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "start.sh").write_text("echo started\n")
    (tmp_path / "scripted_flows.py").write_text(PLUGIN)
    path = tmp_path / "scripted.yaml"
    path.write_text(BLUEPRINT)
    return path


def test_validate_and_plan_warn_of_what_cannot_be_run(inside, scripted):
    """One line for all such operations; the workflow is listed apart."""
    for command in ("validate", "plan"):
        done = inside(command, scripted)
        assert WARNING in done.stderr.splitlines()
        assert "they cannot be run yet: scripted, install_new_agents" in done.stdout
    assert [f"warning: {one}" for one in inside.json("validate", scripted)["warnings"]] == [WARNING]


def test_what_needs_no_script_is_deployed_and_runs(inside, scripted):
    """The warning is said when the deployment is made, and nothing is lost."""
    assert WARNING in inside("deployments", "create", scripted, "-d", "web").stderr.splitlines()
    assert inside.json("run", "count", "-d", "web")["result"] == 1


def test_an_operation_that_is_a_script_fails_once_and_names_it(inside, scripted):
    """A failure that is not retried: trying again would not help."""
    inside("deployments", "create", scripted, "-d", "web")
    for name, what in (("start", "the script 'scripts/start.sh'"), ("stop", "the script that begins with 'echo one'")):
        (task,) = inside.json("run", f"{name}_web", "-d", "web", code=1)["failed"]
        assert task["attempts"] == 1
        assert task["error"]["message"] == f"{what} cannot be run: this version of durable-wf does not run scripts yet"


def test_a_workflow_that_is_a_script_is_refused_before_anything_is_begun(inside, scripted):
    """No execution is made."""
    inside("deployments", "create", scripted, "-d", "web")
    said = inside("run", "scripted", "-d", "web", code=3).stderr
    assert "the script 'scripts/start.sh' cannot be run: this version of durable-wf does not run scripts yet" in said
    assert inside.json("list")["items"] == []
