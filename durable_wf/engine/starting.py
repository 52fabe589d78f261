"""Making executions: rows for a new one, and the core of one that is resumed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import psutil

from durable_wf.authoring.code_space import using
from durable_wf.authoring.functions import find, path_of, refuse_async
from durable_wf.codec import decode, encode
from durable_wf.dsl.availability import unavailable
from durable_wf.dsl.parameters import merge_parameters
from durable_wf.engine.code import fingerprints, make_importable
from durable_wf.engine.modifications import check_started
from durable_wf.engine.plugins import space_for
from durable_wf.engine.safekeeping import Safe, announce
from durable_wf.engine.topology import DeploymentTopology
from durable_wf.errors import AskError, UnavailableError, UsageError
from durable_wf.graph.cut import Cut, plan_cut
from durable_wf.graph.load import load
from durable_wf.inspection.find import near
from durable_wf.journal import head
from durable_wf.model import rows
from durable_wf.model.declarations import Availability
from durable_wf.model.states import EXECUTION, XE, N, X
from durable_wf.scheduler.claim import refuse_beside_another

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from durable_wf.clock import Clock
    from durable_wf.engine.options import ResumeOptions, RunOptions
    from durable_wf.journal.port import Journal, Reader
    from durable_wf.model.plan import Workflow


_CREATED = tuple(XE).index(XE.CREATED)
_OWNER_GONE = (int(rows.Subject.EXECUTION), tuple(XE).index(XE.OWNER_GONE))


class Plan:
    """A workflow that is about to run: its name, its function's path, and its parameters, checked.

    safe   the values of secret ones, of which the parameters hold the names
    """

    def __init__(
        self,
        workflow: str,
        path: str,
        function: Callable[..., Any],
        parameters: dict[str, Any],
        code: dict[str, str],
        safe: Safe | None = None,
    ) -> None:
        self.workflow = workflow
        self.path = path
        self.function = function
        self.parameters_json = encode(parameters, what="parameters")
        self.code_json = encode(code)
        self.safe = safe


def plan_workflow(
    workflow: str | Callable[..., Any],
    topology: DeploymentTopology | None,
    parameters: Mapping[str, Any],
    *,
    allow_custom: bool = False,
) -> Plan:
    """Find the workflow and check that it may be started, and its parameters. Nothing is written (L11).

    raises  NotFoundError, InputError, UsageError
    """
    make_importable(topology)
    given = dict(parameters)
    safe: Safe | None = None
    if topology is not None:
        name = workflow if isinstance(workflow, str) else workflow.__name__
        declared = topology.plan.workflows.get(name)
        if declared is None:
            raise near("workflow", name, list(topology.plan.workflows))
        refuse_unavailable(declared, topology)
        announce(declared.parameters, given, topology.plan, f"workflows.{name}.parameters")
        given = merge_parameters(declared, given, blueprint=topology.plan, allow_custom=allow_custom)
        safe = Safe(topology.deployment)
        given = safe.without(declared.parameters, given, topology.plan, f"workflows.{name}.parameters")
        path = declared.function
    elif isinstance(workflow, str):
        if ":" not in workflow:
            text = f"'{workflow}' is a workflow's name, and there is no deployment to look it up in"
            raise UsageError(text, hint="name the deployment with -d, or a Python function as MODULE:FUNCTION")
        name, path = workflow, workflow
    else:
        path = path_of(workflow)
        name = path
    with using(space_for(topology)):
        function = find(path, given) if isinstance(workflow, str) or topology is not None else workflow
    refuse_async(function, path)
    return Plan(name, path, function, given, fingerprints(function, topology), safe)


def refuse_unavailable(workflow: Workflow, topology: DeploymentTopology) -> None:
    """Refuse a workflow whose availability rules do not hold now (blueprint-dsl §10).

    raises  UnavailableError naming the rule
    """
    if workflow.availability == Availability():
        return
    started = [instance.state == N.STARTED for instance in topology.instances()]
    reason = unavailable(workflow.availability, topology.nodes(), started)
    if reason:
        text = f"the workflow '{workflow.name}' of deployment '{topology.deployment}' is not available: {reason}"
        raise UnavailableError(text)


def create(
    journal: Journal,
    clock: Clock,
    plan: Plan,
    topology: DeploymentTopology | None,
    uid: str,
    options: RunOptions,
    owner: dict[str, object],
) -> rows.Execution:
    """Write a new execution, owned by this process from its first commit on. On the scheduler's thread.

    raises  HeldError when another execution of the deployment is running
    """
    number = 0
    try:
        with journal.turn() as turn:
            number = turn.next_id("execution")
            row = rows.Execution(
                number, uid, topology.id if topology is not None else None, plan.workflow, plan.path,
                plan.parameters_json, encode(options.to_json()), plan.code_json, None, clock.wall_us(), turn.seq,
                EXECUTION.code(X.PENDING), 1, encode(owner), None, None, None, None,
            )  # fmt: skip
            refuse_beside_another(journal, row)
            if not journal.own(number):
                number, taken = 0, number
                text = f"the ownership byte of the new execution {taken} is taken"
                raise UsageError(text)
            if plan.safe is not None:
                plan.safe.keep()
            turn.apply(rows.Changes(executions=[row], transitions=[_created(row)]))
    except BaseException:
        if number:  # not written, or nobody knows: either way this process does not run it
            journal.disown(number)
        raise
    return row


def _created(row: rows.Execution) -> rows.Transition:
    subject = int(rows.Subject.EXECUTION)
    return rows.Transition(
        row.id, row.seq, subject, row.id, None, row.state, _CREATED, row.created_us, None, None, row.fence, None
    )


def owner(journal: Journal, clock: Clock) -> dict[str, object]:
    """What a row says of its runner, for this process (see `inspection.owners`)."""
    process = psutil.Process()
    about = {"pid": process.pid, "start": process.create_time(), "pid_ns": os.stat("/proc/self/ns/pid").st_ino}  # noqa: PTH116
    return {**about, "boot": clock.now().boot_id, "durability": getattr(journal, "durability", None)}


def has_ended(row: rows.Execution) -> bool:
    """Whether a resume of it is a person's: the execution is not merely interrupted."""
    return EXECUTION.states[row.state] in EXECUTION.ended


def check_cut(journal: Reader, history: rows.History, options: ResumeOptions) -> Cut | None:
    """What a person's resume will reset and supersede.

    raises  AskError with the list of what was rolled back, unless changes are accepted; and as `check_started`
    """
    if not has_ended(history.execution):
        return None
    run = load(history)
    cut = plan_cut(run, history, options.from_task)
    if cut is not None:
        check_started(journal, history.execution.deployment, run, cut)
    if cut is None or not cut.rolled_back or options.accept_changes:
        return cut
    lines = [f"  {no}: {run.tasks[no].name} {run.tasks[no].target}".rstrip() for no in cut.rolled_back]
    text = (
        f"rolled back since: {len(lines)} operation{'s' if len(lines) > 1 else ''} ran after the failure or the cancel "
        f"request was shown to the workflow; the storage and the world have their effects:\n" + "\n".join(lines)
    )
    raise AskError(text, hint="if going on from there is right, resume with --accept-changes")


def check_changed(journal: Reader, history: rows.History, options: ResumeOptions) -> None:
    """Refuse when somebody else has changed the deployment's instances since this execution last wrote.

    raises  AskError naming the instances
    """
    deployment = history.execution.deployment
    if deployment is None or options.accept_changes:
        return
    last = last_own_seq(history)
    newer = [row for row in journal.instances(deployment) if row.seq > last]
    if not newer:
        return
    own = {row.seq for row in journal.transitions(history.execution.id, since=last)}  # an operation's `update()`, say
    changed = [row.name for row in newer if row.seq not in own]
    if changed:
        text = f"somebody else has changed {len(changed)} node instance(s) since: {', '.join(changed[:10])}"
        raise AskError(text, hint="if going on all the same is right, resume with --accept-changes")


def last_own_seq(history: rows.History) -> int:
    """The newest seq at which the execution did something that its history has.

    An instance that it changed is newer only by an `update()` of an operation whose outcome is unknown. That its
    runner was found to be gone is not its own doing.
    """
    own = (row.seq for row in history.transitions if (row.subject, row.event) != _OWNER_GONE)
    return max(
        history.execution.seq,
        max(own, default=0),
        max((max(task.seq, task.ended_seq or 0) for task in history.tasks), default=0),
        max((row.seq for row in history.attempts), default=0),
    )


def check_loss(journal: Journal, on_writer: Callable[[Callable[[], Any]], Any], *, accept: bool) -> None:
    """Refuse a journal that is older than its head file, unless a person accepts the loss (L6).

    raises  JournalBehindHead saying which time may be missing
    """
    behind = getattr(journal, "behind_head", None)
    if behind is None:
        return
    if accept:
        on_writer(journal.accept_loss)
        return
    raise head.refusal(behind)


def options_of(row: rows.Execution) -> dict[str, Any]:
    """The stored options of an execution."""
    return dict(decode(row.options_json))
