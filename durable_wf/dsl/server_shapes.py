"""Rows of the grammar for what means something to a server only: labels, tags, settings. Data only.

Source: reference/blueprint-dsl.md §2.
"""

from __future__ import annotations

from durable_wf.dsl.shapes import (
    Anything,
    Boolean,
    Either,
    Field,
    FunctionCall,
    ListOf,
    MapOf,
    Name,
    Number,
    Record,
    Text,
)

LABEL = Record(
    (
        Field(
            "values",
            ListOf(Either((Text(), FunctionCall("wrong-type")))),
            required=True,
            doc="Texts, or functions that are evaluated when a deployment is created.",
        ),
    ),
    name="label",
)
BLUEPRINT_LABEL = Record((Field("values", ListOf(Text()), required=True, doc="Texts."),), name="blueprint label")

_ARGUMENTS = Record(
    tuple(
        Field(name, Number(whole=True) if name == "wait_after_fail" else Boolean(), doc=doc)
        for name, doc in (
            ("force", "Start although another execution is running."),
            ("is_dry_run", "Show what it would do."),
            ("wait_after_fail", "Seconds until the next try after a failed one."),
            ("allow_custom_parameters", "Pass parameters on that the workflow does not declare."),
        )
    ),
    name="execution arguments",
)

SCHEDULE = Record(
    (
        Field("workflow", Name("workflows"), required=True, doc="What is run."),
        Field("since", Text(), required=True, doc="The first time: YYYY-MM-DD HH:MM, HH:MM, or such as +2 weeks."),
        Field("until", Text(), doc="The last time, as `since`."),
        Field("recurrence", Text(), doc="How often."),
        Field("timezone", Text(), doc="Of `since` and `until`, such as Europe/Berlin; UTC if not said."),
        Field("weekdays", ListOf(Text()), doc="su, mo, tu, we, th, fr, sa; with a number before it: the n-th."),
        Field("count", Number(0, whole=True), doc="How many times."),
        Field("default_enabled", Boolean(), doc="Whether it is on at first."),
        Field("stop_after_fail", Boolean(), doc="Whether a failed execution ends it."),
        Field("slip", Number(0, whole=True), doc="Minutes that it may be late."),
        Field("workflow_parameters", MapOf(Anything()), doc="Parameters of the executions."),
        Field("execution_arguments", _ARGUMENTS, doc="How the executions are started."),
    ),
    name="schedule",
)

SETTINGS = Record(
    (
        Field("default_schedules", MapOf(SCHEDULE), doc="Schedules that each deployment gets."),
        Field("default_groups", ListOf(Text()), doc="Groups that each deployment is put into."),
        Field("id_template", Text(), doc="How ids of deployments are made."),
        Field("display_name", Either((Text(), FunctionCall("wrong-type"))), doc="How a deployment is called."),
    ),
    name="deployment settings",
)
