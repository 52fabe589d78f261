"""Where a blueprint says operations and workflows that this version of durable-wf cannot run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from durable_wf.authoring.not_built import counted, owners, subject, why_not
from durable_wf.dsl.problems import Problem
from durable_wf.sources.files import BUILTIN_TYPES

if TYPE_CHECKING:
    from durable_wf.dsl.compile import Checked
    from durable_wf.dsl.mapping import Mapped
    from durable_wf.model.plan import Operation

_CODE = "cannot-run-yet"
_SCRIPTS = ("script_path", "script_source")


class _Use(NamedTuple):
    """An operation of a node template, or of one of its relationships, that cannot be run."""

    node: str
    name: str
    operation: Operation
    why: str


def not_built(checked: Checked) -> list[Problem]:
    """A warning for each mapping of the author's own that cannot be run, and one for what a node has of its type.

    Only of what node templates have, and of workflows: a type that none is of stops nothing.
    """
    mapped = [one for one in checked.mapped if one.place.file != BUILTIN_TYPES]
    places = {(one.target.function, one.target.text.strip()): one for one in reversed(mapped)}
    written: dict[Mapped, list[_Use]] = {}
    inherited: dict[tuple[str, str], list[_Use]] = {}
    for use in _uses(checked):
        found = _place(use.operation, places)
        if found is None:
            inherited.setdefault((use.node, use.why), []).append(use)
        else:
            written.setdefault(found, []).append(use)
    own = [_of_mapping(one, uses) for one, uses in written.items()]
    return own + [_of_type(checked, node, why, uses) for (node, why), uses in inherited.items()] + _workflows(mapped)


def _uses(checked: Checked) -> Iterator[_Use]:
    for node, owner, interfaces in owners(checked.blueprint):
        for interface, operations in interfaces.items():
            for name, operation in operations.items():
                why = why_not(operation.function) if operation.function else None
                if why is not None:
                    yield _Use(node, f"{owner}.{interface}.{name}", operation, why)


def _place(operation: Operation, places: dict[tuple[str, str], Mapped]) -> Mapped | None:
    """Where the author mapped an operation to what it runs; None where the built-in types did."""
    given = (operation.inputs.get(key) for key in _SCRIPTS)
    texts = (*(one.strip() for one in given if isinstance(one, str)), "")
    return next((found for text in texts if (found := places.get((operation.function, text))) is not None), None)


def _of_mapping(mapped: Mapped, uses: list[_Use]) -> Problem:
    first = uses[0]
    what = subject(first.operation.function, first.operation.inputs)
    also = f"; {len(uses)} operations of nodes are mapped to it" if len(uses) > 1 else ""
    return Problem(_CODE, f"{what} cannot be run: {first.why}{also}", mapped.place, mapped.path)


def _of_type(checked: Checked, node: str, why: str, uses: list[_Use]) -> Problem:
    names = counted([f"{one.name} ({subject(one.operation.function, one.operation.inputs)})" for one in uses])
    return Problem(_CODE, f"{names} cannot be run: {why}", checked.templates[node], f"node_templates.{node}")


def _workflows(mapped: list[Mapped]) -> list[Problem]:
    """Scripts as workflows; what the built-in types name is told apart."""
    found = []
    for one in mapped:
        why = why_not(one.target.function)
        if why is not None and one.path.startswith("workflows."):
            what = subject(one.target.function, {one.target.script or "": one.target.text})
            found.append(Problem(_CODE, f"{what} cannot be run: {why}", one.place, one.path))
    return found
