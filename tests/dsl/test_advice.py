"""What is right and probably not meant: YAML 1.1's surprises, and inputs that nothing uses."""

from textwrap import dedent

import pytest

from durable_wf.dsl.codes import CODES
from durable_wf.dsl.compile import check_blueprint
from durable_wf.dsl.warning_codes import WARNINGS
from durable_wf.sources.port import SourceFile
from tests.dsl.kit import HEAD, Texts, codes, problems

SURPRISES = [
    ("yes", "is read as the boolean true"),
    ("No", "is read as the boolean false"),
    ("on", "is read as the boolean true"),
    ("OFF", "is read as the boolean false"),
    ("010", "is read as an octal number: 8"),
    ("0644", "is read as an octal number: 420"),
    ("-017", "is read as an octal number: -15"),
    ("007", "is read as the number 7"),
    ("12:30", "is read as the number 750, in base 60"),
    ("8080:22", "is read as the number 484822, in base 60"),
    ("1:30:00.5", "is read as the number 5400.5, in base 60"),
    ("2024_01", "is read as the number 202401"),
    ("1e3", "is read as text, not as a number"),
    ("1.5e3", "is read as text, not as a number"),
    ("-.5E-2", "is read as text, not as a number"),
    ("0o17", "is read as text, not as a number"),
]
NONE = [
    "true", "False", "y", "n", "null", "~", "0", "00.5", "10", "-3", "1_000", "1_000_000", "0x1f", "0b11", ".5", "1.50",
    "1.5e+3", "2024-01-01", "08", "08:30", "1.2.3", "10.0.0.1", "e3", "12e", "'yes'", '"010"', "!!str 12:30", "abc",
]  # fmt: skip


def warned(text, head=HEAD, **imported):
    """The warnings of a text that is right."""
    return check_blueprint(Texts(main=head + dedent(text), **imported)).warnings


def said(text, code="yaml-surprise", **imported):
    """Line and message of those with a code."""
    return [(one.line - HEAD.count("\n"), one.message) for one in warned(text, **imported) if one.code == code]


def value(written, type_name=None):
    """A blueprint with a value for a property of this type."""
    schema = f"{{type: {type_name}}}" if type_name else "{}"
    return f"""
        node_types: {{t: {{derived_from: cloudify.nodes.Root, properties: {{a: {schema}}}}}}}
        node_templates:
          n:
            type: t
            properties: {{a: {written}}}
        """


@pytest.mark.parametrize(("written", "message"), SURPRISES)
def test_a_plain_scalar_that_is_read_as_something_else_is_told(written, message):
    """With its place, its path and how to say what is meant."""
    (found,) = warned(value(written))
    assert (found.code, found.message) == ("yaml-surprise", f"{written} {message}")
    assert (found.line, found.column, found.path) == (HEAD.count("\n") + 6, 21, "node_templates.n.properties.a")
    assert f"'{written}'" in found.hint


@pytest.mark.parametrize("written", NONE)
def test_what_is_what_it_seems_is_not_spoken_of(written):
    """So is all that is quoted; a date stays the text that was written."""
    assert warned(value(written)) == ()


@pytest.mark.parametrize(
    ("written", "type_name", "is_surprise"),
    [
        ("yes", "boolean", False),
        ("yes", "string", True),
        ("007", "integer", False),
        ("007", "string", True),
        ("010", "integer", True),
        ("12:30", "integer", True),
        ("2024_01", "integer", False),
        ("1e3", "string", False),
        ("3.10", "string", True),
        ("3.10", "float", False),
        ("3.11", "string", False),
    ],
)
def test_what_is_expected_there_decides(written, type_name, is_surprise):
    """`yes` is no surprise for a boolean, and one for a text, which takes a boolean as it is."""
    assert bool(warned(value(written, type_name))) == is_surprise


def test_booleans_of_the_language_are_what_is_expected():
    """Those of rows of the grammar, defaults of inputs and of operations' inputs, parameters of workflows."""
    assert not said(
        """
        inputs:
          a: {type: boolean, default: yes, required: no}
        node_types:
          t:
            derived_from: cloudify.nodes.Root
            properties: {b: {type: boolean, required: no, default: on}}
            interfaces:
              i:
                o:
                  implementation: p.m.f
                  inputs: {x: {type: boolean, default: yes}}
        node_templates:
          n:
            type: t
            interfaces:
              i: {o: {inputs: {x: no}}}
        workflows:
          w: {mapping: p.m.w, parameters: {x: {type: boolean, default: off}}}
        """
    )
    assert warned("", HEAD.replace("install: false", "install: off")) == ()


def test_places_without_a_type_are_told_wherever_they_are():
    """Inputs of operations, items of lists, outputs, constraints; each once, though many nodes have it."""
    found = said(
        """
        node_types:
          t:
            derived_from: cloudify.nodes.Root
            properties: {ports: {default: [22:22, 80]}}
            interfaces: {i: {o: {implementation: p.m.f, inputs: {x: {default: no}}}}}
        node_templates:
          n: {type: t}
          m: {type: t, interfaces: {i: {o: {inputs: {x: 010}}}}}
        outputs: {o: {value: on}}
        inputs:
          choice: {constraints: [{valid_values: [yes, no]}]}
        """
    )
    assert [line for line, _ in found] == [5, 6, 9, 10, 12, 12]


def test_a_version_that_loses_its_zero_is_told():
    """By the name that it has; a price keeps its value."""
    text = "inputs: {the_version: {default: 3.10}, price: {default: 3.10}}"
    assert said(text) == [(1, "3.10 is read as the number 3.1")]


def test_an_alias_is_at_home_where_it_is_expected():
    """The scalar stands in dsl_definitions; what uses it tells what it is."""
    text = """
        dsl_definitions: {flag: &flag yes, other: &other yes}
        node_types:
          t: {derived_from: cloudify.nodes.Root, properties: {a: {type: boolean}, b: {}}}
        node_templates:
          n: {type: t, properties: {a: *flag, b: *other}}
        """
    assert said(text) == [(2, "yes is read as the boolean true")]


def test_a_mistake_says_how_the_scalar_was_read():
    """Where a text is expected and `yes` stands, or a number and `1e3`; not where neither was meant."""
    (found,) = problems("description: yes")
    assert found.code == "wrong-type"
    assert found.hint == "yes is read as the boolean true; quote it if text is meant ('yes'), else write true"
    (found,) = problems(value("1e3", "float"))
    assert (found.code, found.hint) == ("value-mismatch", "1e3 is read as text, not as a number; write '1e3' or 1.0e+3")
    assert [one.hint for one in problems("inputs: yes\noutputs: {a: 010}")] == [None, None]


def test_files_of_others_are_not_spoken_of():
    """An author cannot mend a plugin's file, nor ours."""
    plugin = "inputs: {never: {default: yes}}\nplugins: {q: {executor: host_agent, install: no}}"

    class WithPlugin(Texts):
        def find(self, target, importer, version):
            found = super().find(target, importer, version)
            return SourceFile(found.name, found.shown, found.data, "", found.builtin, plugin=target == "plug.yaml")

    head = HEAD.replace("types.yaml]", "types.yaml, plug.yaml]")
    assert check_blueprint(WithPlugin(main=head, plug=plugin)).warnings == ()
    assert [one.code for one in warned("", head, plug=plugin)] == ["unused-input", "yaml-surprise"]


def test_advice_is_not_kept_in_the_plan():
    """What is ignored is: it is said wherever the plan is."""
    found = check_blueprint(Texts(main=HEAD + "inputs: {a: {default: yes}}"))
    assert [one.code for one in found.warnings] == ["unused-input", "yaml-surprise"]
    assert found.blueprint.warnings == ()


# ---------------------------------------------------------------------------------------------------- unused inputs


def test_an_input_that_no_get_input_names_is_told():
    """At its name; one that is used anywhere is not, not even in a type that no node has."""
    text = """
        inputs: {a: {}, b: {}, c: {default: {get_input: d}}, d: {}, e: {}, f: {}, never: {}}
        node_types:
          t: {derived_from: cloudify.nodes.Root, properties: {p: {default: {get_input: a}}}}
        outputs:
          o: {value: {concat: [x, {get_input: b}]}}
          p: {value: {get_input: [e, key]}}
        workflows: {w: {mapping: p.m.w, parameters: {x: {default: {get_input: c}}}}}
        labels: {l: {values: [{get_input: f}]}}
        """
    assert said(text, "unused-input") == [(2, "no get_input names the input 'never'")]
    (found,) = warned("inputs:\n  never: {}")
    assert (found.column, found.path) == (3, "inputs.never")


def test_where_a_name_is_computed_every_input_may_be_meant():
    """Nothing is said then."""
    assert not said("inputs: {a: {}, b: {}}\noutputs: {o: {value: {get_input: {concat: [a]}}}}", "unused-input")
    assert not said("inputs: {a: {}, b: {}}\noutputs: {o: {value: {get_input: [{get_input: b}, x]}}}", "unused-input")


def test_inputs_of_a_namespace_have_their_whole_name():
    """And the file's own calls name them."""
    lib = "inputs: {a: {}, b: {}}\noutputs: {o: {value: {get_input: a}}}"
    head = HEAD.replace("types.yaml]", "types.yaml, ns--lib.yaml]")
    (found,) = warned("", head, lib=lib)
    assert (found.file, found.path, found.message) == (
        "lib.yaml",
        "inputs.ns--b",
        "no get_input names the input 'ns--b'",
    )


def test_what_an_import_gives_to_a_plugin_uses_inputs():
    """The gift stands in the list of imports."""
    plugin = "plugins: {q: {executor: host_agent, install: false, properties: {r: {type: string}}}}"
    head = HEAD.replace("types.yaml]", "types.yaml, {plug.yaml: {r: {get_input: a}}}]")
    assert warned("inputs: {a: {}}", head, plug=plugin) == ()


def test_settings_of_the_deployment_use_inputs():
    """They are in no section of names."""
    assert not said("inputs: {a: {}}\ndeployment_settings: {display_name: {get_input: a}}", "unused-input")


@pytest.mark.parametrize(
    ("default", "functions"),
    [
        ("{get_input: nope}", "get_input"),
        ("[{a: {concat: [x, {get_input: i}]}}]", "concat, get_input"),
        ("{concat: [x, {get_secret: s}]}", "concat"),
    ],
)
def test_a_function_in_the_default_of_a_workflows_parameter_is_not_evaluated(default, functions):
    """blueprint-dsl.md §10: the workflow is given the call."""
    (found,) = warned(f"workflows: {{w: {{mapping: p.w, parameters: {{a: {{default: {default}}}}}}}}}")
    assert (found.code, found.path) == ("unevaluated-function", "workflows.w.parameters.a.default")
    assert found.message == f"{functions}: the workflow is given the call as it is, not its value"


def test_a_secret_in_the_default_of_a_workflows_parameter_is_what_operations_are_given():
    assert not said(
        "workflows: {w: {mapping: p.w, parameters: {a: {default: {get_secret: s}}, b: {default: text}, c: {}}}}",
        "unevaluated-function",
    )


@pytest.mark.parametrize(
    ("operation", "warns"),
    [
        ("creat: {inputs: {a: 1}}", True),
        ("create: {inputs: {a: 1}}", False),
        ("start: {inputs: {a: 1}}", True),
        ("start: {implementation: '', inputs: {a: 1}}", False),
        ("start: {implementation: p.x, inputs: {a: 1}}", False),
        ("start: {}", False),
    ],
)
def test_inputs_for_what_nothing_implements_are_told(operation, warns):
    """Not where the type implements it, nor where the template says that it is to do nothing."""
    text = f"""
        node_types: {{T: {{interfaces: {{i: {{create: p.make, start: {{}}}}}}}}}}
        node_templates: {{n: {{type: T, interfaces: {{i: {{{operation}}}}}}}}}
        """
    assert [line for line, _ in said(text, "operation-without-code")] == [3] * warns


def test_warnings_have_codes_of_their_own():
    """None is a problem's; a warning under a name that nobody explains cannot be made."""
    of_language = {"ignored", "definition-not-used", "yaml-surprise", "unused-input", "unevaluated-function"}
    assert of_language | {"unknown-function", "cannot-run-yet", "operation-without-code"} == set(WARNINGS)
    assert not set(WARNINGS) & set(CODES)
    assert all(text.endswith(".") for text in WARNINGS.values())
    assert codes("inputs: {a: {default: yes}}") == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("upload_resources: {}", "ignored"),
        ("node_types: {cloudify.nodes.Root: {}}", "definition-not-used"),
    ],
)
def test_what_is_accepted_and_ignored_is_a_warning_with_a_code(text, code):
    """As a record here, as a line in the plan."""
    found = check_blueprint(Texts(main=HEAD + text))
    assert [one.code for one in found.warnings] == [code]
    assert len(found.blueprint.warnings) == 1
