"""The grammar of the blueprint language, as a table.

A row is a `Field`: name, shape, required, since which version, one sentence. `checker.py` walks the
table; nothing here is code. A part of the language that is not built yet is a row too (`later`), so that
it is refused with a clear sentence. To build it: take its row out of `not_yet.py`, and compile it.

Source: reference/blueprint-dsl.md §1 (versions), §2, §4, §6–§14.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from durable_wf.dsl.declared_shapes import DATA_TYPE, INPUT, PARAMETER, PROPERTY
from durable_wf.dsl.declared_shapes import DESCRIPTION as _DESCRIPTION
from durable_wf.dsl.grammar_groups import COUNTS, GROUP, POLICY
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
    Name,
    Nothing,
    Number,
    OneOf,
    Record,
    Ref,
    Text,
    Version,
)

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
ACTIVE = ("all", "partial", "none")
UNKNOWN_OUTCOMES = ("rerun", "ask", "fail")

_ON_UNKNOWN = Field(
    "on_unknown",
    OneOf(UNKNOWN_OUTCOMES),
    doc="What to do when its outcome is unknown after a crash (our extension).",
    later="on_unknown",
)


def _operation(inputs: MapOf) -> Either:
    return Either(
        (
            Nothing(),
            CodePath(),
            Record(
                (
                    Field("implementation", CodePath(), doc="`plugin.module.function`."),
                    Field("inputs", inputs, doc="Keyword arguments."),
                    Field(
                        "executor",
                        OneOf(EXECUTORS, "unknown-operation-executor"),
                        doc="Where it runs; here: always on this machine.",
                    ),
                    Field("max_retries", Number(-1, whole=True), since=(1, 1), doc="-1: no limit."),
                    Field("retry_interval", Number(0), since=(1, 1), doc="Seconds between attempts."),
                    Field("retry", MapOf(Anything()), doc="When to try again (ours).", later="retry"),
                    Field("timeout", Number(0), doc="Seconds; 0: none.", later="timeout"),
                    Field("timeout_recoverable", Boolean(), doc="Whether a timed-out attempt is tried again."),
                    _ON_UNKNOWN,
                )
            ),
        )
    )


INTERFACES = MapOf(MapOf(_operation(MapOf(Anything()))))
TYPE_INTERFACES = MapOf(MapOf(_operation(MapOf(INPUT))))

NODE_TYPE = Record(
    (
        Field("derived_from", Ref("node_types", "type", "unknown-parent-type"), doc="The parent type."),
        Field("properties", MapOf(PROPERTY), doc="Schema of the properties."),
        Field("runtime_properties", MapOf(PROPERTY), since=(1, 5), doc="What operations will set; for people."),
        Field("interfaces", TYPE_INTERFACES, doc="Operations."),
    )
)

RELATIONSHIP_TYPE = Record(
    (
        Field("derived_from", Ref("relationships", "relationship type", "unknown-parent-type"), doc="The parent type."),
        Field("properties", MapOf(PROPERTY), doc="Schema of the properties."),
        Field("source_interfaces", TYPE_INTERFACES, doc="Operations that run at the source."),
        Field("target_interfaces", TYPE_INTERFACES, doc="Operations that run at the target."),
    )
)

RELATIONSHIP = Record(
    (
        Field("type", Ref("relationships", "relationship type", "unknown-relationship-type"), required=True),
        Field("target", Ref("node_templates", "node template", "unknown-target"), required=True),
        Field("properties", MapOf(Anything()), doc="Values for the type's schema."),
        Field("source_interfaces", INTERFACES, doc="Operations that run at the source."),
        Field("target_interfaces", INTERFACES, doc="Operations that run at the target."),
    )
)

NODE_TEMPLATE = Record(
    (
        Field("type", Ref("node_types", "type", "unknown-node-type"), required=True, doc="The node's type."),
        Field("properties", MapOf(Anything()), doc="Values for the type's schema."),
        Field(
            "instances",
            Record((Field("deploy", Number(0, whole=True, code="bad-instance-count"), required=True),)),
            doc="Old form of capabilities.scalable.",
        ),
        Field(
            "capabilities",
            Record((Field("scalable", Record((Field("properties", COUNTS),))),)),
            since=(1, 3),
            doc="How many instances.",
        ),
        Field("interfaces", INTERFACES, doc="Operations, over those of the type."),
        Field("relationships", ListOf(RELATIONSHIP), doc="In the order in which they are established."),
    )
)

PLUGIN_PROPERTY = Record(
    (
        Field("type", OneOf(PLUGIN_PROPERTY_TYPES), doc="What values fit; absent: any of these types."),
        _DESCRIPTION,
        Field("display_label", Text(), doc="A name for people."),
        Field("value", Anything(), doc="The value; an import may give another."),
    )
)

PLUGIN = Record(
    (
        Field("executor", OneOf(EXECUTORS, "unknown-executor"), required=True, doc="Where its operations run."),
        Field("source", Text(), doc="Where it would be installed from."),
        Field("install", Boolean(), doc="true if not said."),
        Field("install_arguments", Text(), since=(1, 1)),
        *(
            Field(name, Text(), since=(1, 2))
            for name in (
                "package_name",
                "package_version",
                "supported_platform",
                "distribution",
                "distribution_version",
                "distribution_release",
            )
        ),
        Field("properties", MapOf(PLUGIN_PROPERTY), since=(1, 5), doc="Schema; an import gives the values."),
        Field("properties_description", Text(), since=(1, 5), doc="For people."),
        _ON_UNKNOWN,
    )
)

AVAILABILITY = Record(
    (
        Field("available", Boolean(), doc="false: never."),
        Field(
            "node_instances_active",
            ListOf(OneOf(ACTIVE, "bad-availability")),
            doc="How many of the deployment's instances are started; any of the list is enough.",
        ),
        Field(
            "node_types_required",
            ListOf(Name("node_types")),
            doc="A node must have one of these types, or one derived.",
        ),
    )
)

WORKFLOW = Either(
    (
        CodePath(),
        Record(
            (
                Field("mapping", CodePath(), required=True, doc="`plugin.module.function`."),
                Field("parameters", MapOf(PARAMETER), doc="What an execution may be given."),
                Field("is_cascading", Boolean(), doc="Also for services of an environment."),
                Field("availability_rules", AVAILABILITY, since=(1, 4), doc="When it may be started."),
            )
        ),
    )
)

POLICY_TYPE = Record(
    (
        Field("source", Text(), required=True, doc="Code of the older system's monitoring."),
        Field("properties", MapOf(PROPERTY), doc="Schema of a policy's properties."),
    )
)

POLICY_TRIGGER = Record(
    (
        Field("source", Text(), required=True, doc="Code of the older system's monitoring."),
        Field("parameters", MapOf(PROPERTY), doc="Schema of a trigger's parameters."),
    )
)

OUTPUT = Record((Field("value", Anything(), required=True, doc="Evaluated on every read."), _DESCRIPTION))

BLUEPRINT = Record(
    (
        Field("tosca_definitions_version", Anything(), doc="The version of the language."),  # checked by imports.py
        Field("description", Text(), since=(1, 2)),
        Field("metadata", MapOf(Anything()), doc="Free."),
        Field("imports", ListOf(Anything()), doc="Other files of the blueprint."),  # items are checked by imports.py
        Field("dsl_definitions", Either((MapOf(Anything()), ListOf(Anything()), Nothing())), since=(1, 2)),
        Field("inputs", MapOf(INPUT), doc="What a deployment is given."),
        Field("plugins", MapOf(PLUGIN), doc="Where functions come from."),
        Field("node_types", MapOf(NODE_TYPE)),
        Field("relationships", MapOf(RELATIONSHIP_TYPE), doc="Types of relationships."),
        Field("node_templates", MapOf(NODE_TEMPLATE)),
        Field("groups", MapOf(GROUP), doc="Nodes that belong together."),
        Field("policies", MapOf(POLICY), since=(1, 3), doc="Which groups are scaled as one."),
        Field("policy_types", MapOf(POLICY_TYPE), doc="Types of monitoring; kept, but nothing acts on them here."),
        Field("policy_triggers", MapOf(POLICY_TRIGGER), doc="As policy_types."),
        Field("workflows", MapOf(WORKFLOW)),
        Field("outputs", MapOf(OUTPUT), doc="For the deployment's reader."),
        Field("capabilities", MapOf(OUTPUT), doc="For other deployments: get_capability."),
        Field("data_types", MapOf(DATA_TYPE), since=(1, 2), doc="Types of your own for properties and inputs."),
        Field("labels", MapOf(LABEL), doc="Labels of a deployment: get_label, and the environment that it is in."),
        Field("blueprint_labels", MapOf(BLUEPRINT_LABEL), doc="Labels of the blueprint."),
        Field("resource_tags", MapOf(Anything()), since=(1, 3), doc="Tags for what plugins make."),
        Field("deployment_settings", SETTINGS, doc="What a server does with a deployment; groups that it is in."),
        Field("upload_resources", Ignored()),
        Field("imported_blueprints", ListOf(Text()), doc="Written by a server: the blueprints that it has merged in."),
        Field("namespaces_mapping", MapOf(Text()), doc="Written by a server: the namespace of each of them."),
    )
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
