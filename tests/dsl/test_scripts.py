"""Scripts as operations and workflows: what the plan says of them. Source: reference/blueprint-dsl.md §8.1."""

from durable_wf.model.plan import Blueprint, from_json, to_json
from tests.dsl.kit import codes, compiled

HEAD = "tosca_definitions_version: cloudify_dsl_1_5\nimports: [cloudify/types/types.yaml]\n"
NODE = "node_templates: {n: {type: cloudify.nodes.Root, interfaces: {i: {go: %s}}}}\n"
P = "plugins: {p: {executor: central_deployment_agent, install: false}}\n"
RUN = "script_runner.tasks.run"


def go(operation, head=HEAD, **files):
    files = {"run": "", **files}
    return compiled(NODE % operation, head, **files).nodes["n"].operations["i.go"]


def test_a_file_is_run_by_the_script_plugin():
    """The mapping is the input script_path, beside the author's own; the executor is neither plugin's nor default."""
    found = go("{implementation: run.yaml, inputs: {process: {cwd: /tmp}, a: 1}, max_retries: 2}")
    assert (found.plugin, found.function, found.executor, found.max_retries) == ("script", RUN, "auto", 2)
    assert found.inputs == {"process": {"cwd": "/tmp"}, "a": 1, "script_path": "run.yaml"}
    assert not found.has_intrinsic_functions


def test_text_of_several_lines_is_a_script_itself():
    """A mapping with a line break in it is no name."""
    found = go('"echo 1\\necho 2\\n"')
    assert found.inputs == {"script_source": "echo 1\necho 2\n"}
    assert found.function == RUN


def test_an_address_is_a_script():
    """It is not looked for before it is run."""
    assert go("https://example.org/run.sh").inputs == {"script_path": "https://example.org/run.sh"}


def test_an_executor_that_is_named_is_kept():
    """§8.1: explicit, else auto."""
    assert go("{implementation: run.yaml, executor: central_deployment_agent}").executor == "central_deployment_agent"


def test_inputs_that_are_functions_are_evaluated_as_of_any_operation():
    """A script's inputs become its environment, after evaluation."""
    found = go("{implementation: run.yaml, inputs: {id: {get_property: [SELF, use_external_resource]}}}")
    assert found.has_intrinsic_functions


def test_an_explicit_mapping_to_the_runner_is_an_operation_of_the_plugin():
    """Then script_path is an input like others."""
    runner = "implementation: script.script_runner.tasks.run, executor: central_deployment_agent"
    found = go(f"{{{runner}, inputs: {{script_path: x}}}}")
    assert (found.function, found.inputs) == (RUN, {"script_path": "x"})


def test_the_first_plugin_whose_name_ends_so_runs_scripts():
    """§3: under a namespace the plugin has another name; the order is that of declaration."""
    own = "plugins: {my_script: {executor: central_deployment_agent, install: false}}\n"
    assert go("run.yaml", HEAD + own).plugin == "my_script"


def test_a_template_inherits_a_script_with_its_inputs():
    """§8: the mapping is the type's, so the defaults hold; with another script nothing of them does."""
    text = """\
        node_types:
          A: {interfaces: {i: {go: {implementation: run.yaml, max_retries: 3, inputs: {x: {default: 1}}}}}}
        node_templates:
          same: {type: A, interfaces: {i: {go: {inputs: {y: 2}}}}}
          other: {type: A, interfaces: {i: {go: {implementation: stop.yaml, inputs: {y: 2}}}}}
        """
    nodes = compiled(text, HEAD, run="", stop="").nodes
    same, other = (nodes[name].operations["i.go"] for name in ("same", "other"))
    assert (same.inputs, same.max_retries) == ({"x": 1, "y": 2, "script_path": "run.yaml"}, 3)
    assert (other.inputs, other.max_retries) == ({"y": 2, "script_path": "stop.yaml"}, None)


def test_a_workflow_that_is_a_script_has_it_as_a_parameter():
    """§8.1: with a default, so that nobody has to give it; the plan survives storing."""
    plan = compiled("workflows: {w: run.yaml, t: {mapping: 'a\n\nb', parameters: {x: {}}}}", HEAD, run="")
    file, text = plan.workflows["w"], plan.workflows["t"]
    assert (file.plugin, file.function) == ("script", "script_runner.tasks.execute_workflow")
    assert {name: one.default for name, one in file.parameters.items()} == {"script_path": "run.yaml"}
    assert list(text.parameters) == ["x", "script_source"]
    assert from_json(Blueprint, to_json(plan)) == plan


def test_a_name_with_two_hyphens_is_a_file_too():
    """A namespace is taken off where that helps; a file's own name may look like one."""
    assert go("a--b.yaml", **{"a--b": ""}).inputs == {"script_path": "a--b.yaml"}
    assert codes(NODE % "a--c.yaml", HEAD, **{"a--b": ""}) == ["unresolved-operation"]


def test_nothing_is_said_of_the_plugin_where_it_may_be_in_a_file_that_could_not_be_read():
    """One mistake is one problem."""
    head = "tosca_definitions_version: cloudify_dsl_1_5\nimports: [lost.yaml]\nnode_types: {cloudify.nodes.Root: {}}\n"
    assert codes(NODE % "run.yaml", head, run="") == ["import-not-found"]


def test_blanks_around_a_mapping_mean_nothing():
    """A folded text ends with a line break; a script that stands in the file keeps its own."""
    assert go('"run.yaml\\n"').inputs == {"script_path": "run.yaml"}
    assert go('" p.module.f\\n"', HEAD + P).function == "module.f"
