"""The types file that comes with durable-wf, against the lists of reference/blueprint-dsl.md §17."""

import pytest

from durable_wf.authoring.functions import FunctionError, find
from durable_wf.authoring.not_built import NOT_BUILT, why_not
from tests.dsl.kit import HEAD, compiled, deployed

NODES = (
    *("Root", "Compute", "Tier", "Volume", "ObjectStorage", "Network", "Subnet", "Port", "Router", "LoadBalancer"),
    *("VirtualIP", "SecurityGroup", "SoftwareComponent", "Database", "ApplicationModule", "Container", "DBMS"),
    *("ApplicationServer", "MessageBusServer", "WebServer", "FileSystem", "CloudifyManager", "Component"),
    *("ServiceComponent", "SharedResource", "Blueprint", "PasswordSecret"),
)
RELATIONSHIPS = (
    *("depends_on", "connected_to", "contained_in", "depends_on_lifecycle_operation", "depends_on_shared_resource"),
    *("connected_to_shared_resource", "file_system_depends_on_volume", "file_system_contained_in_compute"),
)
FILTER = {"type_names": [], "node_ids": [], "node_instance_ids": []}
ORDER = "run_by_dependency_order"
WORKFLOWS = {
    "install": ("install", {**FILTER}),
    "uninstall": ("uninstall", {"ignore_failure": False, "recursive": False, **FILTER}),
    "reinstall": ("reinstall", {"ignore_failure": False, **FILTER}),
    "start": ("start", {"operation_parms": {}, ORDER: True, **FILTER}),
    "stop": ("stop", {"operation_parms": {}, ORDER: True, **FILTER}),
    "restart": ("restart", {"stop_parms": {}, "start_parms": {}, ORDER: True, **FILTER}),
    "execute_operation": (
        "execute_operation",
        {"operation": ..., "operation_kwargs": {}, "allow_kwargs_override": None, ORDER: False, **FILTER},
    ),
    "check_status": ("check_status", {ORDER: False, **FILTER}),
    "check_drift": ("check_drift", {ORDER: True, **FILTER}),
    "pull": ("pull", {"operation_parms": {}, ORDER: True, **FILTER}),
    "heal": (
        "auto_heal_reinstall_node_subgraph",
        {
            "node_instance_id": ...,
            "diagnose_value": "Not provided",
            "ignore_failure": True,
            "check_status": True,
            "allow_reinstall": True,
            "force_reinstall": False,
        },
    ),
    "scale": (
        "scale_entity",
        {
            "scalable_entity_name": ...,
            "delta": 1,
            "scale_compute": False,
            "include_instances": None,
            "exclude_instances": None,
            "ignore_failure": False,
            "rollback_if_failed": True,
            "abort_started": False,
        },
    ),
    "rollback": ("rollback", {"full_rollback": False, **FILTER}),
    "install_new_agents": (
        "install_new_agents",
        {
            "install_agent_timeout": 300,
            "node_ids": [],
            "node_instance_ids": [],
            "install_methods": None,
            "validate": True,
            "install": True,
            "install_script": "",
            "manager_ip": "",
            "manager_certificate": "",
            "stop_old_agent": False,
        },
    ),
    "validate_agents": ("validate_agents", {"node_ids": [], "node_instance_ids": [], "install_methods": None}),
}


@pytest.fixture(scope="module")
def types():
    return compiled("", HEAD)


def test_all_node_types_and_relationships_are_there(types):
    """§17.1, §17.2: and what they are derived from."""
    assert set(types.node_types) == {f"cloudify.nodes.{name}" for name in NODES}
    assert set(types.relationship_types) == {f"cloudify.relationships.{name}" for name in RELATIONSHIPS}
    assert all(hierarchy[0] == "cloudify.nodes.Root" for hierarchy in types.node_types.values())
    assert all(one[0] == "cloudify.relationships.depends_on" for one in types.relationship_types.values())
    assert types.node_types["cloudify.nodes.Container"][1] == "cloudify.nodes.Compute"
    assert types.node_types["cloudify.nodes.WebServer"][1] == "cloudify.nodes.SoftwareComponent"


def test_the_plugins_need_no_installation(types):
    """§17.3."""
    found = {name: (one.executor, one.install) for name, one in types.plugins.items() if name != "p"}
    here = ("central_deployment_agent", False)
    others = {"cfy_extensions": here, "agent": here, "default_workflows": here}
    assert found == {**others, "script": ("host_agent", False)}


def test_all_workflows_with_their_parameters(types):
    """§17.4: names, functions, defaults; `...` where there is none."""
    found = {
        name: (
            one.function.removeprefix("cloudify.plugins.workflows."),
            {key: parameter.default if parameter.has_default else ... for key, parameter in one.parameters.items()},
        )
        for name, one in types.workflows.items()
    }
    assert found == WORKFLOWS
    assert {one.plugin for one in types.workflows.values()} == {"default_workflows"}
    assert not any(one.is_cascading for one in types.workflows.values())
    required = {
        f"{name}.{key}"
        for name, one in types.workflows.items()
        for key, parameter in one.parameters.items()
        if parameter.required and not parameter.has_default
    }
    assert required == {"execute_operation.operation", "scale.scalable_entity_name"}


# its script runs on a host
MORE = {"FileSystem": ", relationships: [{type: cloudify.relationships.contained_in, target: Compute}]"}


def test_a_node_of_each_type_that_needs_nothing():
    """§17.1: what is required is said; all other types take an empty node."""
    needs = {
        "FileSystem": "{fs_type: ext4, fs_mount_path: /mnt}",
        "CloudifyManager": "{cloudify_packages: {}}",
        "SharedResource": "{resource_config: {deployment: {id: other}}}",
        "Blueprint": "{resource_config: {}}",
    }
    nodes = "".join(
        f"  {name}: {{type: cloudify.nodes.{name}, properties: {needs.get(name, '{}')}{MORE.get(name, '')}}}\n"
        for name in NODES
    )
    plan = deployed(f"node_templates:\n{nodes}", head=HEAD)
    assert len(plan.instances) == len(NODES)
    assert plan.nodes["WebServer"].properties["port"] == 80
    assert plan.nodes["FileSystem"].properties["partition_type"] == 83
    assert plan.nodes["PasswordSecret"].properties["length"] == 8


def test_the_root_has_every_operation_and_none_does_anything(types):
    """§17.1."""
    root = compiled("node_templates: {n: {type: cloudify.nodes.Compute}}", HEAD).nodes["n"]
    assert list(root.interfaces["cloudify.interfaces.lifecycle"]) == [
        *("precreate", "create", "configure", "start", "poststart", "prestop", "stop", "delete", "postdelete"),
        *("preupdate", "update", "postupdate", "update_config", "update_apply", "update_postapply"),
        *("preheal", "heal", "postheal", "pull", "check_drift"),
    ]
    assert list(root.interfaces["cloudify.interfaces.monitoring"]) == ["start", "stop"]
    assert all(one.is_noop for one in root.operations.values())
    assert root.properties["use_external_resource"] is False
    assert (root.properties["ip"], root.properties["os_family"]) == ("", "linux")
    assert "resource_id" not in root.properties


def test_an_operation_with_a_required_input_asks_for_it():
    """§17.2: depends_on_shared_resource runs a workflow, which must be named."""
    text = """
    node_templates:
      a:
        type: cloudify.nodes.Root
        relationships:
        - type: cloudify.relationships.connected_to_shared_resource
          target: b
          target_interfaces:
            cloudify.interfaces.relationship_lifecycle:
              establish: {inputs: {workflow_id: {get_input: w}}}
              unlink: {inputs: {workflow_id: undo}}
      b: {type: cloudify.nodes.Root}
    inputs: {w: {default: do}}
    """
    operations = deployed(text, head=HEAD).nodes["a"].relationships[0].target_operations
    assert operations["establish"].inputs == {"workflow_id": "do", "parameters": {}, "timeout": 10}
    assert operations["unlink"].inputs["workflow_id"] == "undo"


def test_whatever_they_are_mapped_to_is_there_or_refused_with_a_sentence(types):
    """A blueprint that imports them validates; what cannot be run yet says so when it is asked for."""
    nodes = "".join(
        f"  {name}: {{type: cloudify.nodes.{name}, properties: {{use_external_resource: true}}{MORE.get(name, '')}}}\n"
        for name in NODES
    )
    plan = compiled(f"node_templates:\n{nodes}", HEAD)
    paths = {one.function for one in types.workflows.values()}
    paths |= {one.function for node in plan.nodes.values() for one in node.operations.values() if one.function}
    assert "cloudify_types.component.execute_start" in paths
    for path in paths:
        if why_not(path) is None:
            assert callable(find(path))
        else:
            with pytest.raises(FunctionError, match="cannot be run"):
                find(path)


def test_the_list_of_what_is_not_there_has_sentences():
    """And nothing that merely looks like one of its rows is refused."""
    assert all(NOT_BUILT.values())
    assert why_not("cloudify.plugins.workflows:validate_agents") is not None
    assert why_not("cloudify.plugins.workflows.validate_agents_too") is None
    assert why_not("my_cloudify_types.component.create") is None
