"""The table of warnings: what is accepted, and probably not what its author meant.

They stop nothing. `durable-wf explain` knows their codes as it knows those of problems.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

WARNINGS: Mapping[str, str] = MappingProxyType(
    {
        "ignored": "The language has this for something that does not exist here; it is read over.",
        "definition-not-used": "Another file defines the same name, and its definition is the one that is used.",
        "yaml-surprise": (
            "YAML 1.1 reads what is written here without quotes as something else than it seems: yes, no, on and off "
            "as booleans, 010 as the octal number 8, 12:30 as 750 (minutes in hours), 1e3 as text. Quote it, or "
            "write the value that is meant."
        ),
        "unused-input": (
            "No get_input in the blueprint names this input. Workflows may still read it through ctx; else remove it."
        ),
        "unevaluated-function": (
            "A function in the default of a workflow's parameter is neither checked nor evaluated: the workflow is "
            "given the call, and may evaluate it: ctx.internal.evaluate_functions(None, {}, call)."
        ),
        "cannot-run-yet": (
            "This version of durable-wf cannot run the script, or the function of the built-in plugins, that an "
            "operation or a workflow is mapped to. The blueprint can be planned and deployed, and what does not need "
            "it runs; running it fails, and says why. Map it to a function of a plugin to run it today."
        ),
        "operation-without-code": (
            "A template gives inputs to an operation that has no implementation, in the template or in its type, so "
            "it does nothing. Give it one, or remove it; its name may be misspelled."
        ),
        "unknown-function": (
            "The module that an operation or a workflow is mapped to cannot be found, or has no such function; running "
            "it would fail. The code was looked at and not run. Install the plugin, put it into plugins/ beside the "
            "blueprint, or mend the name."
        ),
    }
)
"""What each code means and what to do about it."""
