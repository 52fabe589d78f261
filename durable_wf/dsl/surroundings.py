"""Functions that ask what is around a deployment: secrets, labels, itself, and other deployments of the journal.

Source: reference/blueprint-dsl.md §14, §2 (labels).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from durable_wf.dsl.evaluate import At
from durable_wf.dsl.outcomes import EvaluationError, UnknownSecretError, known, part, shown

if TYPE_CHECKING:
    from durable_wf.dsl.evaluate import Handler
    from durable_wf.dsl.runtime import RuntimeEvaluation

PARENT = "csys-obj-parent"  # the label that names the deployment of the environment


def handlers(run: RuntimeEvaluation) -> dict[str, Handler]:
    """The functions of this module by name, for one evaluation."""
    rows: dict[str, Callable[[RuntimeEvaluation, Any, int], Any]] = {
        "get_secret": _secret,
        "get_label": _label,
        "get_sys": _sys,
        "get_consumers": _consumers,
        "get_capability": _capability,
        "get_environment_capability": _environment_capability,
        "get_group_capability": _group_capability,
    }

    def bound(name: str) -> Handler:
        def call(arguments: Any, _at: At, depth: int) -> Any:
            known(arguments, name)
            return rows[name](run, arguments, depth)

        return call

    return {name: bound(name) for name in rows}


def _secret(run: RuntimeEvaluation, arguments: Any, _depth: int) -> Any:
    name, *keys = arguments if isinstance(arguments, list) else [arguments]
    try:
        text = run.scope.secret(name)
    except KeyError:
        raise UnknownSecretError(f"get_secret: there is no secret '{name}'") from None
    run.work.secrets.append(name)
    if not keys:
        return text
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        # the cause is left out: it quotes the secret
        raise EvaluationError(f"get_secret: the secret '{name}' is not JSON, so nothing stands under keys") from None
    for key in keys:
        value = part(f"secret {name}", value, key)
    run.scope.told(name, keys, value)
    return value


def _label(run: RuntimeEvaluation, arguments: Any, depth: int) -> Any:
    name, *index = arguments if isinstance(arguments, list) else [arguments]
    values = sorted(map(str, _label_values(run, name, depth)))
    return part(f"label {name}", values, index[0]) if index else values


def _label_values(run: RuntimeEvaluation, name: str, depth: int) -> list[Any]:
    """Values of a label. raises EvaluationError where the deployment does not have it."""
    if name not in run.scope.labels:
        raise EvaluationError(f"get_label: the deployment has no label '{name}'")
    return list(run.follow(f"label {name}", list(run.scope.labels[name]), (), At(), depth))


def _sys(run: RuntimeEvaluation, arguments: Any, _depth: int) -> Any:
    entity, name = arguments
    return run.scope.system[entity][name]


def _consumers(run: RuntimeEvaluation, arguments: Any, _depth: int) -> Any:
    found = list(run.scope.consumers())
    what = arguments[0] if isinstance(arguments, list) else arguments
    return len(found) if what == "count" else found  # a deployment's id is its name


def _capability(run: RuntimeEvaluation, arguments: Any, depth: int) -> Any:
    deployment, *path = arguments
    return _read(run, "get_capability", str(deployment), path, depth)


def _environment_capability(run: RuntimeEvaluation, arguments: Any, depth: int) -> Any:
    path = arguments if isinstance(arguments, list) else [arguments]
    if PARENT not in run.scope.labels:
        hint = f"its blueprint's labels name the environment: {PARENT}: {{values: [DEPLOYMENT]}}"
        raise EvaluationError("get_environment_capability: the deployment is in no environment", hint=hint)
    parents = _label_values(run, PARENT, depth)
    if len(parents) != 1:
        raise EvaluationError(f"get_environment_capability: the deployment is in {len(parents)} environments")
    return _read(run, "get_environment_capability", str(parents[0]), path, depth)


def _group_capability(run: RuntimeEvaluation, arguments: Any, depth: int) -> Any:
    """By deployment of the group: the capability; for a list of several, a mapping of them."""
    group, what, *keys = arguments
    names = what if isinstance(what, list) else [what]
    members = run.scope.members(str(group))
    if not members:
        raise EvaluationError(f"get_group_capability: no deployment is in a group '{group}'")
    found: dict[str, Any] = {}
    for member in members:
        values = {str(one): _read(run, "get_group_capability", member, [one, *keys], depth) for one in names}
        found[member] = values if isinstance(what, list) else values[str(what)]
    return found


def _read(run: RuntimeEvaluation, name: str, deployment: str, path: Sequence[Any], depth: int) -> Any:
    """A capability of a deployment, evaluated there. Circles through several deployments are named."""
    try:
        scope = run.scope.other(deployment)
    except KeyError:
        raise EvaluationError(f"{name}: there is no deployment '{deployment}'") from None
    capability = scope.capabilities.get(str(path[0]))
    if capability is None:
        have = ", ".join(scope.capabilities) or "none"
        raise EvaluationError(
            f"{name}: the deployment '{deployment}' has no capability '{path[0]}'", hint=f"it has: {have}"
        )
    there = run.within(scope, f"{deployment}: ")
    return there.follow(f"capability {shown(list(path))}", capability.value, path[1:], At(), depth)
