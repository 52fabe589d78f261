"""The grammar's rows for instance counts, groups and policies; `grammar.py` has the rest.

Source: reference/blueprint-dsl.md §12 (counts), §13.
"""

from __future__ import annotations

from durable_wf.dsl.shapes import Anything, Either, Field, FunctionCall, ListOf, MapOf, Number, OneOf, Record, Ref

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
        Field("max_instances", _LIMIT, doc="-1 or UNBOUNDED: no limit."),
    )
)

_TRIGGER = Record(
    (
        Field("type", Ref("policy_triggers", "trigger type", "unknown-trigger-type"), required=True),
        Field("parameters", MapOf(Anything()), doc="Values for the type's schema."),
    )
)

_GROUP_POLICY = Record(
    (
        Field("type", Ref("policy_types", "policy type", "unknown-policy-type"), required=True),
        Field("properties", MapOf(Anything()), doc="Values for the type's schema."),
        Field("triggers", MapOf(_TRIGGER), doc="What the policy would start."),
    )
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
    )
)

POLICY = Record(
    (
        Field("type", OneOf(("cloudify.policies.scaling",), "unsupported-policy"), required=True),
        Field(
            "targets",
            ListOf(Ref("groups", "group", "unknown-policy-target"), "policy-without-targets"),
            required=True,
            doc="The groups that are scaled as one.",
        ),
        Field("properties", COUNTS, doc="How many instances each of them has."),
    )
)
