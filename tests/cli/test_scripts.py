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

DISK = """\
  again:
    type: cloudify.nodes.Root
    interfaces: {cloudify.interfaces.lifecycle: {start: scripts/start.sh}}
  vm: {type: cloudify.nodes.Compute}
  disk:
    type: cloudify.nodes.FileSystem
    properties: {fs_type: ext4, fs_mount_path: /mnt}
    relationships: [{type: cloudify.relationships.contained_in, target: vm}]
workflows:
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


def test_validate_warns_of_what_cannot_be_run_where_it_stands(inside, scripted):
    """Each script with its place, whoever names it; operations of a built-in type at the node."""
    scripted.write_text(BLUEPRINT.replace("workflows:\n", DISK))
    done = inside("validate", scripted)
    yet = "cannot be run: this version of durable-wf does not run scripts yet"
    start = "node_templates.web.interfaces.cloudify.interfaces.lifecycle.start"
    stop = start.replace("start", "stop")
    disk = "node_templates.disk: operation disk.cloudify.interfaces.lifecycle.configure"
    said = [
        f"8:46: {start}: the script 'scripts/start.sh' {yet}; 2 operations of nodes are mapped to it",
        f"8:70: {stop}: the script that begins with 'echo one' {yet}",
        f"13:3: {disk} (the script 'cloudify/types/scripts/make_file_system.sh') {yet}",
        f"21:13: workflows.scripted: the script 'scripts/start.sh' {yet}",
    ]
    lines = [line for line in done.stderr.splitlines() if "[cannot-run-yet]" in line]
    assert lines == [f"warning: {scripted}:{one} [cannot-run-yet]" for one in said]
    assert "            ^" in done.stderr
    assert "workflows: count, start_web, stop_web, scripted, install, " in done.stdout
    found = inside.json("validate", scripted)
    assert len(found["warnings"]) == 4
    assert {one["code"] for one in found["warning_items"]} == {"cannot-run-yet"}
    assert "those of the built-in types cannot be run yet: " in inside("validate", scripted, "-v").stdout


def test_plan_warns_of_what_cannot_be_run(inside, scripted):
    """One line for all such operations."""
    assert WARNING in inside("plan", scripted).stderr.splitlines()


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
