"""Rows of the grammar for what declares values: properties, inputs, parameters, data types, constraints. Data only.

Source: reference/blueprint-dsl.md §4, §5, §6, §10.
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
    Number,
    Record,
    Ref,
    Shape,
    Text,
    TypeName,
)

DESCRIPTION = Field("description", Text(), doc="For people.")
_DISPLAY = (
    Field("display_label", Text(), since=(1, 3), doc="A name for people."),
    Field("hidden", Boolean(), since=(1, 3), doc="Not shown to people who create a deployment; false if not said."),
)

SECRET = Field(
    "secret",
    Boolean(),
    doc="Whether values are kept out of the journal and of all that is said; false if not said. Ours.",
)

OPEN_PROPERTY = Record(
    (
        Field("type", TypeName(), doc="What values fit; absent: any."),
        Field("default", Anything(), doc="The value where none is given."),
        DESCRIPTION,
        Field("required", Boolean(), since=(1, 2), doc="Whether there must be a value; true if not said."),
        *_DISPLAY,
    ),
    name="open property",
)
"""One whose values are stored as they are, or by nobody."""

PROPERTY = Record((*OPEN_PROPERTY.fields, SECRET), name="property")

DATA_TYPE = Record(
    (
        Field(
            "derived_from",
            Ref("data_types", "data type", "unknown-parent-type"),
            doc="The parent, whose properties it has too.",
        ),
        Field("properties", MapOf(PROPERTY), doc="What a value of the type has."),
        DESCRIPTION,
        Field("version", Text(), doc="For people."),
    ),
    name="data type",
)

_BAD = "bad-constraint-argument"


def _argument(*shapes: Shape) -> Either:
    """An operator's argument: literal, or a function that is evaluated when a deployment is created."""
    return Either((*shapes, FunctionCall(_BAD)), _BAD)


_NUMBER = _argument(Number())
_TEXTS = Either((Text(), ListOf(_argument(Text())), FunctionCall(_BAD)), _BAD)
_OPERATORS = (
    *(
        Field(name, _NUMBER, doc=f"The number is {words} this.")
        for name, words in (("equal", "equal to"), ("greater_than", "greater than"), ("less_than", "less than"))
    ),
    Field("greater_or_equal", _NUMBER, doc="The number is this or greater."),
    Field("less_or_equal", _NUMBER, doc="The number is this or less."),
    Field("in_range", _argument(ListOf(_NUMBER)), doc="`[least, most]`; both are in the range."),
    Field("valid_values", _argument(ListOf(Anything())), doc="The value is one of these."),
    Field("length", _NUMBER, doc="So many characters or items."),
    Field("min_length", _NUMBER, doc="At least so many characters or items."),
    Field("max_length", _NUMBER, doc="At most so many characters or items."),
    Field("pattern", _argument(Text()), doc="The text begins with a match of this regular expression."),
    Field("filter_id", _argument(Text()), doc="A filter of a server; kept, not checked."),
    Field("labels", _argument(ListOf(Anything())), doc="Rules for labels on a server; kept, not checked."),
    Field("tenants", _argument(ListOf(Anything())), doc="Tenants of a server; kept, not checked."),
    Field(
        "name_pattern",
        Either(
            (
                Record(
                    tuple(
                        Field(name, _TEXTS, doc=doc)
                        for name, doc in (
                            ("starts_with", "The name begins with it, or with one of them."),
                            ("ends_with", "The name ends with it, or with one of them."),
                            ("contains", "The name has it in it, or one of them."),
                            ("equals_to", "The name is it, or one of them."),
                        )
                    ),
                    _BAD,
                    name="name pattern",
                ),
            ),
            _BAD,
        ),
        doc="How the name looks; it must exist.",
    ),
    Field("deployment_id", _argument(Text()), doc="The deployment that has it."),
)
_MESSAGE = Field("error_message", Text(), since=(1, 5), doc="What is said of a value that is refused.")

OPERATORS = tuple(row.name for row in _OPERATORS)
CONSTRAINT = Record((*_OPERATORS, _MESSAGE), "unknown-constraint", OPERATORS, name="constraint")
PARAMETER_CONSTRAINT = Record(_OPERATORS, "unknown-constraint", OPERATORS, name="parameter constraint")

_ITEM_TYPE = Field(
    "item_type", TypeName(is_primitive=True, code="bad-item-type"), since=(1, 4), doc="The type of a list's items."
)

INPUT = Record(
    (
        *PROPERTY.fields,
        Field("constraints", ListOf(CONSTRAINT), doc="Conditions on the value; all must hold."),
        _ITEM_TYPE,
        Field(
            "display",
            Record((Field("rows", Number(whole=True), doc="How many lines are shown."),), name="display"),
            doc="How a textarea is shown.",
        ),
    ),
    name="input",
)

PARAMETER = Record(
    (
        *PROPERTY.fields,
        Field("constraints", ListOf(PARAMETER_CONSTRAINT), doc="Conditions on the value; all must hold."),
        _ITEM_TYPE,
    ),
    name="parameter",
)
