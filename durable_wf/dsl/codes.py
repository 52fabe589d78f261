"""The table of problem codes: one row each, with the reference's number beside our name.

Source: reference/blueprint-dsl.md §18. Numbers that the reference uses twice stand at several of our
codes; 0 marks what the reference does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Code(NamedTuple):
    """A kind of mistake.

    name         stable; what `durable-wf explain` takes
    number       the reference's error code, or 0
    explanation  what it means and how to mend it
    """

    name: str
    number: int
    explanation: str


_ROWS = (
    # the text of a file
    Code("not-yaml", -1, "The file is not YAML. The place is where reading it had to stop."),
    Code("not-utf8", 108, "The file is not UTF-8 text. Save it as UTF-8."),
    Code("bad-character", 108, "A text holds a NUL, a control character or half a surrogate pair."),
    Code("file-too-large", 0, "A file of a blueprint may have at most 5 MB."),
    Code("too-deep", 0, "Values may be nested 64 deep, aliases included."),
    Code("too-many-values", 0, "A file may have 100 000 values, counted with every alias written out."),
    Code("too-many-aliases", 0, "A file may use 1 000 aliases (`*name`)."),
    Code("recursive-alias", 0, "An alias stands inside the value that its anchor names: it would contain itself."),
    Code("unknown-alias", -1, "An alias (`*name`) has no anchor (`&name`) above it in the same file."),
    Code("bad-merge", -1, "`<<` takes a mapping, or a list of at most 100 mappings."),
    Code("several-documents", -1, "A file holds one YAML document; a second one begins here. Remove the `---`."),
    Code("yaml-tag", -1, "Only YAML's own tags for text, numbers, booleans, null, lists and mappings may be used."),
    Code("bad-scalar", -1, "The value does not fit the tag written before it."),
    Code("integer-too-large", 0, "Integers must fit 64 bits. Quote it, if it is text."),
    Code("not-finite", 0, "Infinity and not-a-number cannot be stored as JSON."),
    Code("duplicate-key", 0, "A mapping has the same key twice. YAML would silently keep one of them."),
    Code("key-not-text", 1, "Keys must be text. YAML reads yes, no, on, off, null and numbers as something else."),
    # the shape of a value
    Code("wrong-type", 1, "Another kind of value is expected here: a mapping, a list, text, a number or a boolean."),
    Code("unknown-key", 1, "The language has no such key here; the message lists those that may stand here."),
    Code("missing-key", 1, "A key that must be given is not there."),
    Code("bad-value", 1, "Only the listed values may stand here."),
    Code("out-of-range", 1, "The number is smaller than what may stand here."),
    Code("not-built", 0, "This part of the language is not supported by this version of durable-wf."),
    Code("feature-too-new", 102, "The blueprint declares a version of the language that has no such feature yet."),
    # version
    Code("missing-version", 27, "The main file must begin with tosca_definitions_version, such as cloudify_dsl_1_5."),
    Code("malformed-version", 71, "tosca_definitions_version must be one of cloudify_dsl_1_0 … cloudify_dsl_1_5."),
    Code("unsupported-version", 29, "This version of the language is not known; cloudify_dsl_1_0 … _1_5 are."),
    Code("newer-import", 28, "An imported file declares a newer version of the language than the main file."),
    # files that are imported
    Code("duplicate-import", 2, "The same file is imported twice by one file."),
    Code("import-not-found", 13, "The file to import does not exist, or cannot be read."),
    Code("import-outside", 13, "Files are imported only from the main file's folder, and folders in it."),
    Code("import-not-supported", 13, "Addresses take --allow-http-imports; blueprint: takes a server."),
    Code("plugin-not-found", 13, "No folder of plugins, and no installed distribution, has such a plugin.yaml."),
    Code("bad-import", 220, "An import is a text, or a mapping of one import to properties of plugins."),
    Code("bad-plugin-property", 221, "An import gives a property that the plugin does not declare, or does not fit."),
    Code("bad-namespace", 212, "A namespace, before `--`, must not be empty nor have `--` in it."),
    Code("blueprint-without-namespace", 213, "A blueprint is imported under a namespace: NAME--blueprint:ID."),
    Code("namespace-taken", 214, "Two blueprints are imported under the same namespace."),
    Code("namespaced-types", 214, "The built-in types keep their names everywhere: import them without a namespace."),
    Code("too-many-imports", 0, "A blueprint may have 500 files, and imports of imports 50 deep."),
    Code("bad-name", 0, "A name may not be empty; nodes may not have the names SELF, SOURCE and TARGET."),
    Code("non-mergeable", 3, "Before cloudify_dsl_1_3 only one file may have this section."),
    Code("conflicting-definition", 4, "Two files of the blueprint define the same name."),
    # types
    Code("unknown-node-type", 7, "No node_types entry, built-in or imported, has this name."),
    Code("unknown-relationship-type", 26, "No relationships entry, built-in or imported, has this name."),
    Code("unknown-parent-type", 103, "derived_from names a type that does not exist."),
    Code("circular-derivation", 100, "Types are derived from each other in a circle."),
    Code("unknown-type", 103, "The type of a property, input or parameter is none of the language's, nor a data type."),
    Code("primitive-redefined", 104, "A data type may not have the name of one of the language's own types."),
    Code("circular-data-types", 100, "Data types are made of each other in a circle: a value would never end."),
    # values of properties and inputs
    Code("undefined-property", 106, "The type does not declare this property."),
    Code("missing-property", 107, "The type requires this property, and has no default for it."),
    Code("missing-operation-input", 107, "The type's operation declares an input without a default: give it a value."),
    Code("value-mismatch", 105, "The value does not fit the declared type."),
    Code("data-type-violated", 214, "The value of an input or parameter does not fit its data type."),
    Code("bad-item-type", 217, "item_type names one of the language's own types, not a data type."),
    Code("item-type-without-list", 218, "item_type is only for what has the type list."),
    Code("unknown-constraint", 103, "A constraint has one operator; there is none of this name, or there are more."),
    Code("bad-constraint-argument", 212, "The argument is not what this operator takes."),
    Code("constraint-not-for-type", 212, "It is for ids only; capability_value and node_instance need deployment_id."),
    Code("constrained-function", 213, "A value that is a function cannot be checked against constraints in time."),
    Code("constraint-violated", 0, "The default does not hold the constraints that stand beside it."),
    Code("function-not-allowed", 219, "A literal is needed here; a function cannot be evaluated in time."),
    Code("not-a-function", 210, "An instance count is a number, or a function that gives one."),
    Code(
        "secret-from-open-input",
        0,
        "A value that is declared `secret: true` is an input that is not, and inputs are stored. Declare both.",
    ),
    Code(
        "function-of-secret",
        0,
        "Creating a deployment needs the value here: functions of texts work on it, or it counts instances. That of an "
        "input with `secret: true` is kept apart, and is known at run time only.",
    ),
    Code("hidden-required-input", 215, "An input that is hidden and required needs a default: nobody could give it."),
    Code("bad-display", 216, "`display` is only for inputs of type textarea."),
    # relationships and instances
    Code("unknown-target", 25, "No node template has the name that the relationship points at."),
    Code("relationship-to-self", 23, "A relationship points at the node that has it."),
    Code("several-containers", 112, "A node can be contained in one other node only."),
    Code("circular-relationships", 100, "Relationships of nodes form a circle, so none of them could start first."),
    Code("unsupported-relationship", 0, "A relationship must derive from depends_on, connected_to or contained_in."),
    Code("bad-connection-type", 0, "connection_type is all_to_all or all_to_one."),
    Code("target-without-lifecycle", 215, "The target's own template has no cloudify.interfaces.lifecycle."),
    Code("unknown-lifecycle-operation", 216, "The target's own template gives no such operation of its life cycle."),
    Code("bad-instance-count", 207, "Instance counts must not be negative, and min <= default <= max."),
    Code("bad-instance-literal", 208, "Instance counts are numbers or functions; max_instances may be UNBOUNDED."),
    Code("instances-twice", 209, "`instances` and `capabilities.scalable` say the same; keep one."),
    # groups and policies
    Code("group-without-members", 1, "A group needs members: names of nodes or of other groups."),
    Code("unknown-group-member", 40, "No node template and no group has the name that stands among the members."),
    Code("unknown-policy-type", 41, "No policy_types entry, built-in or imported, has this name."),
    Code("unknown-trigger-type", 42, "No policy_triggers entry, built-in or imported, has this name."),
    Code("circular-groups", 200, "Groups are members of each other in a circle."),
    Code("several-scaling-groups", 201, "A node or group can be a member of one scaling group only; nest the groups."),
    Code(
        "mixed-group",
        202,
        "A scaling group has its instances where its members are: all members must be contained in one node, in others "
        "or through others, or none of them in any. Members contained in another member count with that one.",
    ),
    Code("groups-too-deep", 0, "Scaling groups may be nested 64 deep."),
    Code("unsupported-policy", 204, "The only type of a policy is cloudify.policies.scaling."),
    Code("unknown-policy-target", 205, "A policy's targets are groups; no group has this name."),
    Code("policy-without-targets", 206, "A policy needs targets: names of groups."),
    Code("several-policies", 0, "A group is the target of two policies; which of their counts holds, nobody can tell."),
    Code("group-named-like-node", 211, "A group has the name of a node template; nobody could tell which is meant."),
    Code(
        "all-to-one-in-group",
        0,
        "Source and target are in one scaling group, where each instance is paired within its instance of the group; "
        "all_to_one cannot be asked for there.",
    ),
    # plugins, operations, workflows
    Code("unknown-executor", 18, "A plugin's executor is central_deployment_agent or host_agent."),
    Code("unknown-operation-executor", 28, "An operation's executor is central_deployment_agent or host_agent."),
    Code(
        "no-host",
        24,
        "An operation with the executor host_agent runs on a node's host; the node is none, and is contained in none.",
    ),
    Code("plugin-without-source", 50, "Installing takes `source` or `package_name`; else say `install: false`."),
    Code("ambiguous-plugin", 91, "Two declared plugins could be meant by the beginning of this mapping."),
    Code("unresolved-operation", 10, "An operation begins with the name of a declared plugin; a function follows."),
    Code("unresolved-relationship-operation", 19, "As unresolved-operation, in a relationship."),
    Code("unresolved-workflow", 21, "A workflow begins with the name of a declared plugin; a function follows."),
    Code("script-given-twice", 60, "The mapping is a script, and an input or parameter names the script once more."),
    Code("script-plugin-missing", 61, "Scripts are run by the plugin whose name ends in `script`; none is declared."),
    Code("bad-availability", 103, "node_instances_active lists some of all, partial and none."),
    # what means something to a server
    Code("bad-schedule", 0, "A time is YYYY-MM-DD HH:MM, HH:MM or such as +2 weeks; a weekday such as mo or 2mo."),
    # functions
    Code("bad-function-arguments", 0, "The function's arguments do not have the shape that it takes."),
    Code("ambiguous-attributes", 0, "get_attributes_dict would give two values under one name, such as a.b twice."),
    Code("unknown-input", 0, "get_input names an input that the blueprint does not declare."),
    Code("unknown-node", 0, "The function names a node that the blueprint does not have."),
    Code("unknown-property", 0, "get_property asks for something that the node does not have."),
    Code("wrong-scope", 0, "SELF is for nodes; SOURCE and TARGET are for operations of relationships."),
    Code("circular-functions", 0, "Properties or inputs' defaults define each other in a circle, so none has a value."),
)  # fmt: skip

NOT_OURS: Mapping[int, str] = MappingProxyType(
    {
        30: "that there is no main file is said before there is a blueprint: the error `source` of the command",
        **dict.fromkeys((72, 73, 74, 75, 76), "a misshapen version is malformed-version, which lists the right ones"),
    }
)
"""Numbers of the reference's catalogue that no code here has, and why."""

CODES: Mapping[str, Code] = MappingProxyType({row.name: row for row in _ROWS})
EXPLANATIONS: Mapping[str, str] = MappingProxyType({row.name: row.explanation for row in _ROWS})
