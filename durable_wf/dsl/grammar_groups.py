"""The grammar's rows for instance counts, groups and policies; `grammar.py` has the rest.

Source: reference/blueprint-dsl.md §12 (counts), §13.
"""

from __future__ import annotations

from durable_wf.dsl.declared_shapes import OPEN_PROPERTY
from durable_wf.dsl.shapes import Anything, Either, Field, FunctionCall, ListOf, MapOf, Number, OneOf, Record, Ref, Text

_COUNT = Either(
    (Number(0, whole=True, code="bad-instance-count"), FunctionCall("not-a-function")), "bad-instance-literal"
)
_LIMIT = Either(
    (
        Number(-1, whole=True, code="bad-instance-count"),
        OneOf(("UNBOUNDED",), "bad-instance-literal"),
        FunctionCall("not-a-function"),
    ),
    "bad-instance-literal",
)

COUNTS = Record(
    (
        Field("default_instances", _COUNT, doc="How many at first; 1 if not said."),
        Field("min_instances", _COUNT, doc="0 if not said."),
        Field("max_instances", _LIMIT, doc="-1 or UNBOUNDED: no limit, as if not said."),
    ),
    name="instance counts",
)

_TRIGGER = Record(
    (
        Field(
            "type", Ref("policy_triggers", "trigger type", "unknown-trigger-type"), required=True, doc="What starts it."
        ),
        Field("parameters", MapOf(Anything()), doc="Values of what the type declares."),
    ),
    name="trigger",
)

_GROUP_POLICY = Record(
    (
        Field("type", Ref("policy_types", "policy type", "unknown-policy-type"), required=True, doc="What is watched."),
        Field("properties", MapOf(Anything()), doc="Values of what the type declares."),
        Field("triggers", MapOf(_TRIGGER), doc="What the policy would start."),
    ),
    name="group policy",
)

GROUP = Record(
    (
        Field(
            "members",
            ListOf(Ref("node_templates", "node or group", "unknown-group-member", "groups"), "group-without-members"),
            required=True,
            doc="Nodes and other groups.",
        ),
        Field("policies", MapOf(_GROUP_POLICY), doc="Monitoring; kept, but nothing acts on it here."),
    ),
    name="group",
)

POLICY = Record(
    (
        Field(
            "type",
            OneOf(("cloudify.policies.scaling",), "unsupported-policy"),
            required=True,
            doc="There is this one.",
        ),
        Field(
            "targets",
            ListOf(Ref("groups", "group", "unknown-policy-target"), "policy-without-targets"),
            required=True,
            doc="The groups that are scaled as one.",
        ),
        Field("properties", COUNTS, doc="How many instances each of them has; one if not said."),
    ),
    name="scaling policy",
)

POLICY_TYPE = Record(
    (
        Field("source", Text(), required=True, doc="Code of the older system's monitoring."),
        Field("properties", MapOf(OPEN_PROPERTY), doc="Which properties its policies have."),
    ),
    name="policy type",
)

POLICY_TRIGGER = Record(
    (
        Field("source", Text(), required=True, doc="Code of the older system's monitoring."),
        Field("parameters", MapOf(OPEN_PROPERTY), doc="Which parameters its triggers have."),
    ),
    name="policy trigger type",
)
