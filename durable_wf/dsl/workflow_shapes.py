"""Rows of the grammar for workflows. Data only.

Source: reference/blueprint-dsl.md §10.
"""

from __future__ import annotations

from durable_wf.dsl.declared_shapes import PARAMETER
from durable_wf.dsl.shapes import Boolean, CodePath, Either, Field, ListOf, MapOf, Name, OneOf, Record

ACTIVE = ("all", "partial", "none")

AVAILABILITY = Record(
    (
        Field("available", Boolean(), doc="false: it cannot be started; true if not said."),
        Field(
            "node_instances_active",
            ListOf(OneOf(ACTIVE, "bad-availability")),
            doc="How many of the deployment's instances are started; any of the list is enough.",
        ),
        Field(
            "node_types_required",
            ListOf(Name("node_types")),
            doc="One of these types must be a node's; derived ones count.",
        ),
    ),
    name="availability rules",
)

WORKFLOW = Either(
    (
        CodePath(),
        Record(
            (
                Field("mapping", CodePath(), required=True, doc="What runs, as `plugin.module.function`."),
                Field("parameters", MapOf(PARAMETER), doc="What an execution may be given."),
                Field(
                    "is_cascading",
                    Boolean(),
                    doc="Whether it runs in the services of an environment too; false if not said.",
                ),
                Field(
                    "availability_rules",
                    AVAILABILITY,
                    since=(1, 4),
                    doc="When it may be started; always if not said.",
                ),
            ),
            name="workflow",
        ),
    )
)
