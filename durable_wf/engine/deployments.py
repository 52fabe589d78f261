"""Deployments: a blueprint with inputs, planned and stored, read and deleted."""

from __future__ import annotations

import secrets
import string
from pathlib import Path
from typing import TYPE_CHECKING, Any

from durable_wf.authoring.evaluation import DeploymentScope
from durable_wf.codec import encode
from durable_wf.dsl.outcomes import UnknownSecretError
from durable_wf.dsl.runtime import evaluate_outputs
from durable_wf.engine.code import prepare_functions
from durable_wf.engine.modifications import refuse_started
from durable_wf.engine.plugins import FOLDERS, folders_elsewhere
from durable_wf.engine.safekeeping import Safe, announce, only_of
from durable_wf.engine.topology import find_deployment
from durable_wf.errors import HeldError, UsageError
from durable_wf.model import rows
from durable_wf.model.plan import to_json
from durable_wf.model.states import EXECUTION, N, X
from durable_wf.sources.vault import VAULT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from durable_wf.clock import Clock
    from durable_wf.engine.topology import DeploymentTopology
    from durable_wf.journal.port import Journal, Turn
    from durable_wf.model.plan import Blueprint, DeploymentPlan, Output
    from durable_wf.sources.files import FileResolver
    from durable_wf.sources.port import Resolver

_ALPHABET = string.ascii_lowercase + string.digits
_NOT_ENDED = frozenset(EXECUTION.code(state) for state in X if state not in EXECUTION.ended)


def random_suffix() -> str:
    """Six characters of [a-z0-9], as instance ids end with (blueprint-dsl §15)."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(6))


class Deployments:
    """What an engine offers for deployments.

    on_writer  runs a function on the thread that may write
    archives   where archives of plugins are unpacked; None: they are refused
    """

    def __init__(
        self,
        journal: Journal,
        clock: Clock,
        on_writer: Callable[[Callable[[], Any]], Any],
        archives: Path | None = None,
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._on_writer = on_writer
        self._archives = archives

    def create(
        self,
        blueprint: str | Path,
        name: str | None = None,
        inputs: Mapping[str, Any] | None = None,
        *,
        on_unknown: str | None = None,
        runtime_only: bool = False,
        new_suffix: Callable[[], str] = random_suffix,
        resolver: FileResolver | None = None,
    ) -> str:
        """Create a deployment; its name (the blueprint folder's or file's unless given).

        on_unknown    `rerun`, `ask` or `fail` for operations that say nothing themselves
        runtime_only  `runtime_only_evaluation`: all functions but numbers of instances are evaluated at run time only
        resolver      reads the blueprint's files; by default those of its folder, and plugins of this Python
        raises        InputError for a bad blueprint or inputs, or secrets that are not there; UsageError for a name
                      that is taken; nothing is written
        """
        from durable_wf.sources.files import FileResolver  # only here: most commands do not read blueprints

        path = Path(blueprint).resolve()
        reader = resolver or FileResolver(path)
        name = name or (path.parent.name if path.stem == "blueprint" else path.stem)
        safe = Safe(name)
        compiled, plan = planned(reader, dict(inputs or {}), new_suffix, runtime_only=runtime_only, safe=safe)
        settings: dict[str, Any] = {} if on_unknown is None else {"on_unknown": on_unknown}
        if runtime_only:
            settings["runtime_only_evaluation"] = True
        folders = folders_elsewhere(path, compiled, reader.plugin_folders, self._archives)
        if folders:
            settings[FOLDERS] = folders
        self._on_writer(lambda: self._write(path, name, compiled, plan, settings, safe))
        return name

    def _write(
        self, path: Path, name: str, compiled: Blueprint, plan: DeploymentPlan, settings: dict[str, Any], safe: Safe
    ) -> None:
        with self._journal.turn() as turn:
            if any(row.name == name for row in self._journal.deployments()):
                text = f"there is a deployment '{name}' already"
                raise UsageError(text, hint="choose another name with -d, or delete it first")
            changes = rows.Changes()
            now_us = self._clock.wall_us()
            blueprint = turn.next_id("blueprint")
            deployment = turn.next_id("deployment")
            hashes = encode(dict(compiled.sources))
            plan_json = encode(to_json(plan.blueprint))
            seq = turn.seq
            changes.blueprints.append(rows.Blueprint(blueprint, name, str(path), plan_json, hashes, now_us, seq))
            inputs = encode(dict(plan.inputs))
            changes.deployments.append(
                rows.Deployment(deployment, name, blueprint, inputs, encode(settings), now_us, seq, 0)
            )
            changes.nodes.extend(
                rows.Node(deployment, node.name, encode(to_json(node)), seq, 0) for node in plan.nodes.values()
            )
            changes.instances.extend(_instances(turn, deployment, plan, seq))
            changes.transitions.append(_said(seq, deployment, _CREATED, now_us))
            safe.keep()
            turn.apply(changes)

    def delete(self, name: str) -> None:
        """Delete a deployment; its history stays in the journal. Values that it declared secret are deleted, too.

        raises  NotFoundError; HeldError while an execution or a modification of it has not ended; SecretsError: the
                deployment is deleted, and its values are not
        """
        topology = find_deployment(self._journal, name)

        def write() -> set[str]:
            with self._journal.turn() as turn:
                open_ = self._journal.executions(states=_NOT_ENDED, deployment=topology.id)
                if open_:
                    text = f"execution '{open_[0].uid}' of deployment '{name}' has not ended"
                    raise HeldError(text, hint="resume it to its end first")
                refuse_started(self._journal, topology.id)
                seq = turn.seq
                row = next(one for one in self._journal.deployments() if one.id == topology.id)
                names = only_of(self._journal, row)
                changes = rows.Changes(
                    deployments=[row._replace(seq=seq, gone=1)],
                    nodes=[one._replace(seq=seq, gone=1) for one in self._journal.nodes(topology.id)],
                    instances=[
                        one._replace(seq=seq, gone=1, revision=one.revision + 1)
                        for one in self._journal.instances(topology.id)
                    ],
                    transitions=[_said(seq, topology.id, _DELETED, self._clock.wall_us())],
                )
                turn.apply(changes)
            return names

        names = self._on_writer(write)
        if names:
            VAULT.drop(names)

    def find(self, name: str) -> DeploymentTopology:
        """The deployment.

        raises  NotFoundError with near matches
        """
        return find_deployment(self._journal, name)

    def outputs(self, name: str) -> dict[str, Any]:
        """The outputs, evaluated now; one that cannot be evaluated is an `<ERROR: …>` text. Secrets are masked."""
        return outputs_of(find_deployment(self._journal, name))

    def capabilities(self, name: str) -> dict[str, Any]:
        """The capabilities, as `outputs`."""
        return capabilities_of(find_deployment(self._journal, name))


def outputs_of(topology: DeploymentTopology) -> dict[str, Any]:
    """The outputs of a deployment, evaluated now; secrets in them are masked."""
    return _shown(topology, topology.plan.outputs)


def capabilities_of(topology: DeploymentTopology) -> dict[str, Any]:
    """The capabilities of a deployment, evaluated now; secrets in them are masked."""
    return _shown(topology, topology.plan.capabilities)


def _shown(topology: DeploymentTopology, values: Mapping[str, Output]) -> dict[str, Any]:
    return dict(VAULT.masked(evaluate_outputs(values, DeploymentScope(topology, {}))))


def planned(
    resolver: Resolver,
    inputs: Mapping[str, Any],
    new_suffix: Callable[[], str],
    *,
    runtime_only: bool = False,
    safe: Safe | None = None,
) -> tuple[Blueprint, DeploymentPlan]:
    """A blueprint, compiled, and planned with inputs. Parameters as of `Deployments.create`.

    safe    gets the values that are declared secret
    raises  InputError for a bad blueprint or inputs; UnknownSecretError listing all secrets that calls name and that
            are not there; SecretsError
    """
    from durable_wf.dsl.compile import compile_blueprint  # only here: most commands do not read blueprints
    from durable_wf.dsl.deployment import plan_deployment
    from durable_wf.dsl.requirements import secrets_of

    prepare_functions()
    safe = safe or Safe("")
    compiled = compile_blueprint(resolver)
    announce(compiled.inputs, inputs, compiled, "inputs")
    plan = plan_deployment(compiled, inputs, new_suffix, runtime_only=runtime_only, hide=safe.hide)
    missing = [name for name in secrets_of(plan) if name not in safe.values and not VAULT.has(name)]
    if missing:
        text = f"the blueprint needs secrets that are not there: {', '.join(missing)}"
        raise UnknownSecretError(text, hint=f"durable-wf secrets set {missing[0]}")
    return compiled, plan


_CREATED, _DELETED = 0, 1  # events of a deployment, which has no states


def _said(seq: int, deployment: int, event: int, at_us: int) -> rows.Transition:
    return rows.Transition(0, seq, int(rows.Subject.DEPLOYMENT), deployment, None, 0, event, at_us, None, None, 0, None)


def _instances(turn: Turn, deployment: int, plan: DeploymentPlan, seq: int) -> list[rows.Instance]:
    return [
        rows.Instance(
            turn.next_id("node_instance"), deployment, one.node, one.id, one.index, str(N.UNINITIALIZED), "{}", "{}",
            encode([to_json(relationship) | {"position": relationship.position} for relationship in one.relationships]),
            one.host_id, encode([to_json(group) for group in one.scaling_groups]), 0, 0, seq, 0,
        )
        for one in plan.instances
    ]  # fmt: skip
