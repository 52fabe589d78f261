"""What the types and functions of the language are, in one sentence each; docs/language.md and the JSON Schema show it.

Source: reference/blueprint-dsl.md §4 (types), §14 (functions).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_ANY = "any value is taken, too"

TYPE_SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "string": "Text, and because many blueprints rely on it, any other value.",
        "integer": "A whole number; true and false are none.",
        "float": "Any number; true and false are none.",
        "boolean": "true or false.",
        "list": "A list; `item_type` says of what.",
        "dict": "A mapping.",
        "regex": "Text that is a regular expression.",
        "textarea": f"Text of several lines; {_ANY}.",
        "blueprint_id": f"The id of a blueprint; {_ANY}.",
        "deployment_id": f"The id of a deployment; {_ANY}.",
        "capability_value": f"A value of a capability of a deployment; {_ANY}.",
        "scaling_group": f"The name of a scaling group; {_ANY}.",
        "node_id": f"The name of a node; {_ANY}.",
        "node_type": f"The name of a node type; {_ANY}.",
        "node_instance": f"The id of a node instance; {_ANY}.",
        "secret_key": f"The name of a secret; {_ANY}.",
        "operation_name": f"The name of an operation; {_ANY}.",
    }
)
"""Primitive type -> what fits it; a function fits each."""

FUNCTION_SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "get_input": "The value of an input, or what lies in it under the keys.",
        "get_property": "A property of a node, or what lies in it under the keys.",
        "get_attribute": "A runtime property of a node's instance; without one, the node's property; else null.",
        "get_attributes_list": "As get_attribute, of all instances of the node: a list.",
        "get_attributes_dict": "Several attributes of all instances of the node: instance id, then name, then value.",
        "get_secret": "The text of a secret; with keys, the secret is read as JSON and looked into.",
        "get_capability": "A capability of another deployment in the same journal.",
        "get_group_capability": "A capability of each deployment of a group.",
        "get_environment_capability": "A capability of the environment of this deployment (its label csys-obj-parent).",
        "get_label": "The values of a label of this deployment, or the one at the index.",
        "get_sys": "What is known of this deployment and its tenant.",
        "get_consumers": "The deployments that use this one.",
        "concat": "The items as texts, one behind the other.",
        "merge": "The mappings as one; where two have a key, the later one's value holds. Values are not merged.",
        "string_find": "Where the second text first stands in the first, counted from 0; -1 if it does not.",
        "string_replace": "The text with something replaced: everywhere, or so often.",
        "string_split": "The text's parts between separators, or the part at the index.",
        "string_lower": "The text in lower case.",
        "string_upper": "The text in upper case.",
    }
)
"""Intrinsic function -> what it gives."""
