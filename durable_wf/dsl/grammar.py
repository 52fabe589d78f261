"""The grammar of the blueprint language, as a table.

A row is a `Field`: name, shape, required, since which version, one sentence. `checker.py` walks the
table; nothing here is code. A part of the language that is not built yet is a row too (`later`), so that
it is refused with a clear sentence. To build it: take its row out of `not_yet.py`, and compile it.

Source: reference/blueprint-dsl.md §1 (versions), §2, §4, §6–§14.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from durable_wf.dsl.declared_shapes import DATA_TYPE, INPUT, OPEN_PROPERTY, PROPERTY, SECRET
from durable_wf.dsl.declared_shapes import DESCRIPTION as _DESCRIPTION
from durable_wf.dsl.grammar_groups import COUNTS, GROUP, POLICY, POLICY_TRIGGER, POLICY_TYPE
from durable_wf.dsl.server_shapes import BLUEPRINT_LABEL, LABEL, SETTINGS
from durable_wf.dsl.shapes import (
    OLDEST,
    Anything,
    Boolean,
    CodePath,
    Either,
    Field,
    Ignored,
    ListOf,
    MapOf,
    Nothing,
    Number,
    OneOf,
    Record,
    Ref,
    Text,
    Version,
)
from durable_wf.dsl.workflow_shapes import WORKFLOW

VERSIONS: Mapping[str, Version] = MappingProxyType({f"cloudify_dsl_1_{minor}": (1, minor) for minor in range(6)})

TYPES: Mapping[str, Version] = MappingProxyType(
    dict.fromkeys(("string", "integer", "float", "boolean", "list", "dict", "regex", "textarea"), OLDEST)
    | dict.fromkeys(
        (
            "blueprint_id",
            "deployment_id",
            "capability_value",
            "scaling_group",
            "node_id",
            "node_type",
            "node_instance",
            "secret_key",
        ),
        (1, 4),
    )
    | {"operation_name": (1, 5)}
)
"""Primitive type -> the version that added it."""

PLUGIN_PROPERTY_TYPES = ("string", "integer", "float", "boolean", "list")
EXECUTORS = ("central_deployment_agent", "host_agent")
UNKNOWN_OUTCOMES = ("rerun", "ask", "fail")

_ON_UNKNOWN = Field(
    "on_unknown",
    OneOf(UNKNOWN_OUTCOMES),
    doc="What to do where a crash hid how an attempt ended: run it again, ask a person, or count it as failed. "
    "Ours; absent: what the code or the deployment says.",
    later="on_unknown",
)
_SOURCE_SIDE = "Operations that run in the node that has the relationship."
_TARGET_SIDE = "Operations that run in the node that the relationship points at."


def _operation(name: str, absent: str, inputs: Field) -> Either:
    return Either(
        (
            Nothing(),
            CodePath(),
            Record(
                (
                    Field(
                        "implementation",
                        CodePath(),
                        doc=f"What runs, as `plugin.module.function`; absent: {absent}.",
                    ),
                    inputs,
                    Field(
                        "executor",
                        OneOf(EXECUTORS, "unknown-operation-executor"),
                        doc="Where it runs; absent: where its plugin says. Here both are this machine.",
                    ),
                    Field(
                        "max_retries",
                        Number(-1, whole=True),
                        since=(1, 1),
                        doc="How often a failed attempt is tried again, -1 without end; absent: what the run says.",
                    ),
                    Field(
                        "retry_interval",
                        Number(0),
                        since=(1, 1),
                        doc="Seconds between two attempts; absent: what the run says.",
                    ),
                    Field("retry", MapOf(Anything()), doc="When a failed attempt is tried again. Ours.", later="retry"),
                    Field(
                        "timeout",
                        Number(0),
                        doc="Seconds that an attempt may take; 0, as if not said: as long as it takes.",
                        later="timeout",
                    ),
                    Field(
                        "timeout_recoverable",
                        Boolean(),
                        doc="Whether an attempt that took too long is tried again; false if not said.",
                    ),
                    _ON_UNKNOWN,
                ),
                name=name,
            ),
        )
    )


INTERFACES = MapOf(
    MapOf(
        _operation(
            "operation",
            "what the type says, or nothing",
            Field("inputs", MapOf(Anything()), doc="Keyword arguments, over those that the type declares."),
        )
    )
)
TYPE_INTERFACES = MapOf(
    MapOf(
        _operation(
            "operation of a type",
            "nothing",
            Field("inputs", MapOf(INPUT), doc="Keyword arguments that it takes, declared as inputs are."),
        )
    )
)

NODE_TYPE = Record(
    (
        Field(
            "derived_from",
            Ref("node_types", "type", "unknown-parent-type"),
            doc="The parent, whose properties and operations the type has too; absent: none.",
        ),
        Field("properties", MapOf(PROPERTY), doc="Which properties its nodes have; one of the parent's is replaced."),
        Field("runtime_properties", MapOf(OPEN_PROPERTY), since=(1, 5), doc="What operations will set; for people."),
        Field("interfaces", TYPE_INTERFACES, doc="Operations by interface; one of the parent's is replaced whole."),
    ),
    name="node type",
)

RELATIONSHIP_TYPE = Record(
    (
        Field(
            "derived_from",
            Ref("relationships", "relationship type", "unknown-parent-type"),
            doc="The parent; what is used must go back to depends_on, connected_to or contained_in.",
        ),
        Field("properties", MapOf(PROPERTY), doc="Which properties its relationships have, over the parent's."),
        Field("source_interfaces", TYPE_INTERFACES, doc=_SOURCE_SIDE),
        Field("target_interfaces", TYPE_INTERFACES, doc=_TARGET_SIDE),
    ),
    name="relationship type",
)

RELATIONSHIP = Record(
    (
        Field(
            "type",
            Ref("relationships", "relationship type", "unknown-relationship-type"),
            required=True,
            doc="What the relationship means, such as cloudify.relationships.contained_in.",
        ),
        Field(
            "target",
            Ref("node_templates", "node template", "unknown-target"),
            required=True,
            doc="The other node; it is there before this one.",
        ),
        Field("properties", MapOf(Anything()), doc="Values of what the type declares, such as connection_type."),
        Field("source_interfaces", INTERFACES, doc=_SOURCE_SIDE),
        Field("target_interfaces", INTERFACES, doc=_TARGET_SIDE),
    ),
    name="relationship",
)

NODE_TEMPLATE = Record(
    (
        Field(
            "type",
            Ref("node_types", "type", "unknown-node-type"),
            required=True,
            doc="The node's type, of this blueprint, of an import or built in.",
        ),
        Field("properties", MapOf(Anything()), doc="Values of the properties that the type declares."),
        Field(
            "instances",
            Record(
                (
                    Field(
                        "deploy",
                        Number(0, whole=True, code="bad-instance-count"),
                        required=True,
                        doc="How many instances there are at first.",
                    ),
                ),
                name="instances of a node",
            ),
            doc="How many instances there are; 1 if not said.",
            old="capabilities.scalable",
        ),
        Field(
            "capabilities",
            Record(
                (
                    Field(
                        "scalable",
                        Record(
                            (Field("properties", COUNTS, doc="The counts."),),
                            name="scalable",
                        ),
                        doc="How many instances there are, and may be.",
                    ),
                ),
                name="capabilities of a node",
            ),
            since=(1, 3),
            doc="How many instances there are; one if not said.",
        ),
        Field("interfaces", INTERFACES, doc="Operations by interface, over those of the type."),
        Field("relationships", ListOf(RELATIONSHIP), doc="To other nodes, in the order in which they are established."),
    ),
    adds="relationships",
    name="node template",
)

PLUGIN_PROPERTY = Record(
    (
        Field("type", OneOf(PLUGIN_PROPERTY_TYPES), doc="What values fit; absent: any of these types."),
        _DESCRIPTION,
        Field("display_label", Text(), doc="A name for people."),
        Field("value", Anything(), doc="The value, where the import gives no other."),
        SECRET,
    ),
    name="plugin property",
)

PLUGIN = Record(
    (
        Field(
            "executor",
            OneOf(EXECUTORS, "unknown-executor"),
            required=True,
            doc="Where its operations run; here both are this machine.",
        ),
        Field("source", Text(), doc="A folder in the blueprint's `plugins/`, or an address, that has its code."),
        Field(
            "install",
            Boolean(),
            doc="Whether it takes `source` or `package_name` to have its code; true if not said. "
            "false: its modules can be imported.",
        ),
        Field("install_arguments", Text(), since=(1, 1), doc="For the older system's installer; kept, not used."),
        *(
            Field(name, Text(), since=(1, 2), doc=doc)
            for name, doc in (
                ("package_name", "The distribution that has its code; an installed plugin is found by it."),
                ("package_version", "Which version of it."),
                ("supported_platform", "Which platform a wagon is for; kept, not checked."),
                ("distribution", "Which system it is for; kept, not checked."),
                ("distribution_version", "Which version of that system; kept, not checked."),
                ("distribution_release", "The name of that version; kept, not checked."),
            )
        ),
        Field(
            "properties",
            MapOf(PLUGIN_PROPERTY),
            since=(1, 5),
            doc="Settings that all its operations read; an import gives them values.",
        ),
        Field("properties_description", Text(), since=(1, 5), doc="What those settings are for; for people."),
        _ON_UNKNOWN,
    ),
    name="plugin",
)

OUTPUT = Record(
    (
        Field("value", Anything(), required=True, doc="Any value; functions in it are evaluated on every read."),
        _DESCRIPTION,
    ),
    name="output",
)

BLUEPRINT = Record(
    (
        Field(
            "tosca_definitions_version",
            Anything(),  # checked by document.py
            doc="The version of the language. The main file must say it; an imported one may not say a newer one.",
        ),
        Field("description", Text(), since=(1, 2), doc="For people; that of the main file is kept."),
        Field("metadata", MapOf(Anything()), doc="Anything; that of the main file is kept, nothing reads it."),
        Field("imports", ListOf(Anything()), doc="Other files of the blueprint."),  # items are checked by imports.py
        Field(
            "dsl_definitions",
            Either((MapOf(Anything()), ListOf(Anything()), Nothing())),
            since=(1, 2),
            doc="A place for YAML anchors (`&name`) that other parts of the same file use (`*name`).",
        ),
        Field("inputs", MapOf(INPUT), doc="What a deployment is given."),
        Field("plugins", MapOf(PLUGIN), doc="Where functions come from."),
        Field("node_types", MapOf(NODE_TYPE), doc="Types of nodes: their properties and operations."),
        Field("relationships", MapOf(RELATIONSHIP_TYPE), doc="Types of relationships."),
        Field("node_templates", MapOf(NODE_TEMPLATE), doc="The nodes that a deployment has."),
        Field("groups", MapOf(GROUP), doc="Nodes that belong together."),
        Field("policies", MapOf(POLICY), since=(1, 3), doc="Which groups are scaled as one."),
        Field("policy_types", MapOf(POLICY_TYPE), doc="Types of monitoring; kept, but nothing acts on them here."),
        Field("policy_triggers", MapOf(POLICY_TRIGGER), doc="Types of what monitoring starts; kept likewise."),
        Field("workflows", MapOf(WORKFLOW), doc="What can be run on a deployment."),
        Field("outputs", MapOf(OUTPUT), doc="For the deployment's reader."),
        Field("capabilities", MapOf(OUTPUT), doc="For other deployments: get_capability."),
        Field("data_types", MapOf(DATA_TYPE), since=(1, 2), doc="Types of your own for properties and inputs."),
        Field("labels", MapOf(LABEL), doc="Labels of a deployment: get_label, and the environment that it is in."),
        Field("blueprint_labels", MapOf(BLUEPRINT_LABEL), doc="Labels of the blueprint."),
        Field("resource_tags", MapOf(Anything()), since=(1, 3), doc="Tags for what plugins make."),
        Field("deployment_settings", SETTINGS, doc="What a server does with a deployment; groups that it is in."),
        Field("upload_resources", Ignored(), doc="Files for a server; ignored with a warning."),
        Field("imported_blueprints", ListOf(Text()), doc="Written by a server: the blueprints that it has merged in."),
        Field("namespaces_mapping", MapOf(Text()), doc="Written by a server: the namespace of each of them."),
    ),
    name="blueprint",
)

SECTIONS = (
    "inputs",
    "plugins",
    "data_types",
    "node_types",
    "relationships",
    "node_templates",
    "workflows",
    "outputs",
    "capabilities",
    "labels",
    "blueprint_labels",
    "resource_tags",
    "groups",
    "policies",
    "policy_types",
    "policy_triggers",
)
"""Sections whose names are merged from all files."""
