"""The reference's catalogue of errors, as data. Source: reference/blueprint-dsl.md §18."""

from __future__ import annotations

from typing import NamedTuple


class Meaning(NamedTuple):
    """What the reference's numbers stand for.

    numbers   of the reference; one may have several meanings
    codes     ours that say it; none where `codes.NOT_OURS` says why
    """

    numbers: tuple[int, ...]
    text: str
    codes: tuple[str, ...]


CATALOGUE = (
    Meaning((-1,), "not YAML", ("not-yaml", "unknown-alias", "bad-merge", "several-documents", "yaml-tag")),
    Meaning((1,), "wrong container or scalar type", ("wrong-type",)),
    Meaning((1,), "key not in schema", ("unknown-key",)),
    Meaning((1,), "required key missing", ("missing-key",)),
    Meaning((1,), "non-string map key", ("key-not-text",)),
    Meaning((1,), "empty members", ("group-without-members",)),
    Meaning((207,), "negative deploy count", ("bad-instance-count",)),  # there 1, and 207 for the new form
    Meaning((1,), "bad label values", ("wrong-type",)),
    Meaning((2,), "duplicate import line", ("duplicate-import",)),
    Meaning((3,), "non-mergeable section", ("non-mergeable",)),
    Meaning((4,), "conflicting name while merging imports", ("conflicting-definition",)),
    Meaning((7,), "unknown node type", ("unknown-node-type",)),
    Meaning((10,), "unresolvable mapping in node op", ("unresolved-operation",)),
    Meaning((19,), "unresolvable mapping in relationship op", ("unresolved-relationship-operation",)),
    Meaning((21,), "unresolvable mapping in workflow", ("unresolved-workflow",)),
    Meaning((13,), "import cannot be opened", ("import-not-found", "import-outside", "import-not-supported")),
    Meaning((18,), "bad plugin executor", ("unknown-executor",)),
    Meaning((23,), "relationship to self", ("relationship-to-self",)),
    Meaning((25,), "unknown target", ("unknown-target",)),
    Meaning((26,), "unknown relationship type", ("unknown-relationship-type",)),
    Meaning((24,), "host_agent plugin on a node outside any host", ("no-host",)),
    Meaning((27,), "version missing", ("missing-version",)),
    Meaning((29,), "version unsupported", ("unsupported-version",)),
    Meaning((71,), "version malformed", ("malformed-version",)),
    Meaning((72, 73, 74, 75, 76), "version malformed, by what is wrong with it", ()),
    Meaning((28,), "import of newer version", ("newer-import",)),
    Meaning((28,), "illegal operation executor", ("unknown-operation-executor",)),
    Meaning((30,), "main file location cannot be resolved", ()),
    Meaning((40,), "unknown group member", ("unknown-group-member",)),
    Meaning((41,), "unknown policy type", ("unknown-policy-type",)),
    Meaning((42,), "unknown trigger type", ("unknown-trigger-type",)),
    Meaning((50,), "installable plugin without source or package_name", ("plugin-without-source",)),
    Meaning((60,), "script_path given twice", ("script-given-twice",)),
    Meaning((61,), "script plugin not declared", ("script-plugin-missing",)),
    Meaning((91,), "ambiguous plugin prefix", ("ambiguous-plugin",)),
    Meaning((100,), "circular types", ("circular-derivation",)),
    Meaning((100,), "circular data types", ("circular-data-types",)),
    Meaning((100,), "circular node relationships", ("circular-relationships",)),
    Meaning((102,), "feature newer than declared version", ("feature-too-new",)),
    Meaning((103,), "unknown type name", ("unknown-type",)),
    Meaning((103,), "unknown derived_from", ("unknown-parent-type",)),
    Meaning((103,), "unknown constraint", ("unknown-constraint",)),
    Meaning((103,), "bad availability value", ("bad-availability",)),
    Meaning((104,), "data type redefining a primitive", ("primitive-redefined",)),
    Meaning((105,), "value does not match type", ("value-mismatch",)),
    Meaning((106,), "undefined property", ("undefined-property",)),
    Meaning((107,), "missing mandatory property", ("missing-property",)),
    Meaning((107,), "missing op input", ("missing-operation-input",)),
    Meaning((108,), "non-ASCII characters", ("not-utf8", "bad-character")),
    Meaning((112,), "two contained_in relationships", ("several-containers",)),
    Meaning((200,), "group cycle", ("circular-groups",)),
    Meaning((201,), "member of several groups", ("several-scaling-groups",)),
    Meaning((202,), "non-contained mix", ("mixed-group",)),
    Meaning((204,), "unsupported policy", ("unsupported-policy",)),
    Meaning((205,), "target not a group", ("unknown-policy-target",)),
    Meaning((206,), "no targets", ("policy-without-targets",)),
    Meaning((207,), "instance counts", ("bad-instance-count",)),
    Meaning((208,), "instance literal", ("bad-instance-literal",)),
    Meaning((209,), "deploy and capabilities", ("instances-twice",)),
    Meaning((210,), "non-function dict", ("not-a-function",)),
    Meaning((211,), "group named like node", ("group-named-like-node",)),
    Meaning((212,), "bad constraint argument", ("bad-constraint-argument", "constraint-not-for-type")),
    Meaning((212,), "delimiter in namespace", ("bad-namespace",)),
    Meaning((213,), "constrained input holding a function", ("constrained-function",)),
    Meaning((213,), "blueprint import without namespace", ("blueprint-without-namespace",)),
    Meaning((214,), "input violates data type", ("data-type-violated",)),
    Meaning((214,), "namespace on built-in types", ("namespaced-types",)),
    Meaning((215,), "hidden required input without default", ("hidden-required-input",)),
    Meaning((216,), "`display` on wrong type", ("bad-display",)),
    Meaning(
        (215, 216), "depends_on_lifecycle_operation misuse", ("target-without-lifecycle", "unknown-lifecycle-operation")
    ),
    Meaning((217,), "bad item_type", ("bad-item-type",)),
    Meaning((218,), "item_type on non-list", ("item-type-without-list",)),
    Meaning((219,), "function used in use_external_resource", ("function-not-allowed",)),
    Meaning((220,), "malformed import item", ("bad-import",)),
    Meaning((221,), "bad plugin properties", ("bad-plugin-property",)),
)

AT_CREATION = {
    **dict.fromkeys(("MissingRequiredInputError", "UnknownInputError", "InputEvaluationError"), ()),
    **dict.fromkeys(("ConstraintException", "UnknownSecretError", "FunctionEvaluationError"), ()),
    **dict.fromkeys(("FunctionValidationError", "EvaluationRecursionLimitReached"), ()),
    **dict.fromkeys(("UnknownSysEntityError", "UnknownSysPropertyError"), ()),
    **dict.fromkeys(("ValueError of SELF", "KeyError of an unknown node"), ()),
    "UnsupportedRelationship": ("unsupported-relationship",),
    "IllegalConnectedToConnectionType": ("bad-connection-type",),
    "UnsupportedAllToOneInGroup": ("all-to-one-in-group",),
    "ValueError of retry and timeout numbers": ("out-of-range", "wrong-type"),
}
"""Errors of creating a deployment, by the reference's name, with our codes for what is found when the blueprint is
compiled; none where it is found when a deployment is created."""

NOT_AT_CREATION = {
    "UnsupportedGetSecretError": "there is a store of secrets here",
    "IllegalAllToOneState": "it is about a deployment that is scaled, which is not built yet",
}
"""Why others of the reference's errors have no case."""
