"""Rows for tests of the journal: a small execution, and moves that are legal."""

from __future__ import annotations

from collections import deque

import pytest

from durable_wf.journal import driver
from durable_wf.journal.rules import ATTEMPT, EXECUTION, GRAPH, MODIFICATION, MODIFICATION_STEP, TASK
from durable_wf.model.deployed import (
    Modification,
    ModificationMove,
    ModificationStep,
    ModificationStepMove,
    Scaling,
)
from durable_wf.model.rows import (
    Attempt,
    AttemptMove,
    Blueprint,
    Changes,
    Dependency,
    Deployment,
    Event,
    Execution,
    ExecutionMove,
    Graph,
    GraphMove,
    Instance,
    Node,
    Payload,
    Request,
    Subject,
    Task,
    TaskMove,
    Transition,
)

BY_EITHER = pytest.mark.parametrize("driven", [driver.PYTHON, driver.APSW], indirect=True)
AT = 1_790_000_000_000_000  # some microsecond of 2026


def transition(execution, seq, subject=Subject.EXECUTION, no=1, **values):
    """A transition that moves nothing, unless told otherwise."""
    target = EXECUTION.initial if subject == Subject.EXECUTION else 0
    row = Transition(execution, seq, int(subject), no, None, target, 0, AT + seq, None, None, 0, None)
    return row._replace(**values)


def execution(number, seq, **values):
    """A new execution."""
    row = Execution(
        number, f"uid-{number:04}", None, "wf", "mod:f", "{}", "{}", "{}", None, AT, seq,
        EXECUTION.initial, 0, None, None, None, None, None,
    )  # fmt: skip
    return row._replace(**values)


def execution_move(row, **values):
    """An execution's moving columns as they are, but for `values`."""
    return ExecutionMove(*row[11:], row.id)._replace(**values)


def task(number, seq, *, execution=1, **values):
    """A new task."""
    row = Task(execution, number, None, None, 0, "mod:op", "", number, 1, seq, 0, 0, 0, 0, None, None)
    return row._replace(**values)


def request(execution=1, **values):
    """A request to an execution, to be numbered by the store."""
    return Request(0, execution, "cancel", None, None, "me", AT, None)._replace(**values)


def event(execution=1, message="m", **values):
    """An event, to be numbered by the store."""
    return Event(0, execution, None, None, AT, "workflow_event", "info", message, None)._replace(**values)


def instance(number, seq, *, deployment=1, **values):
    """A node instance."""
    row = Instance(
        number, deployment, "node", f"node_{number}", 1, "uninitialized", "{}", "{}", "[]", None, "[]", 1, 1, seq, 0
    )
    return row._replace(**values)


def start(journal, tasks=0, **values):
    """Make an execution with some tasks; gives its row."""
    with journal.turn() as turn:
        seq = turn.seq
        row = execution(turn.next_id("execution"), seq, **values)
        changes = Changes(executions=[row], transitions=[transition(row.id, seq, no=row.id, target=row.state)])
        changes.payloads.append(Payload(row.id, 1, seq, '{"kwargs":{}}'))
        changes.graphs.append(Graph(row.id, 1, "/1", seq, GRAPH.initial))
        changes.tasks += [task(number, seq, execution=row.id) for number in range(1, tasks + 1)]
        turn.apply(changes)
    return row


def deploy(journal, name="d", instances=2):
    """Make a blueprint and a deployment with some instances of one node; gives the deployment's row."""
    with journal.turn() as turn:
        seq = turn.seq
        blueprint = Blueprint(turn.next_id("blueprint"), "b", "/b.yaml", "{}", "{}", AT, seq)
        row = Deployment(turn.next_id("deployment"), name, blueprint.id, "{}", "{}", AT, seq, 0)
        made = [instance(turn.next_id("node_instance"), seq, deployment=row.id) for _ in range(instances)]
        turn.apply(
            Changes(
                blueprints=[blueprint],
                deployments=[row],
                nodes=[Node(row.id, "node", "{}", seq, 0)],
                instances=made,
                transitions=[transition(0, seq, Subject.DEPLOYMENT, row.id)],
            )
        )
    return row


def hand_out(turn, number, *, execution=1, attempt=1):
    """The changes that hand a pending task out."""
    seq = turn.seq
    return Changes(
        attempts=[Attempt(execution, number, attempt, seq, 0, ATTEMPT.initial, None, None)],
        task_moves=[TaskMove(1, attempt, 0, 0, None, None, execution, number)],
        transitions=[
            transition(
                execution, seq, Subject.TASK, number, source=0, target=1, event=0, attempt=attempt, attempt_target=0
            )
        ],
    )


def end_well(turn, number, *, execution=1, attempt=1, result="1"):
    """The changes that end a task that was handed out."""
    seq = turn.seq
    return Changes(
        task_moves=[TaskMove(5, attempt, 0, 0, None, seq, execution, number)],
        attempt_moves=[AttemptMove(3, AT, AT + 5, execution, number, attempt)],
        transitions=[
            transition(
                execution, seq, Subject.TASK, number, source=1, target=5, event=3, attempt=attempt, attempt_target=3,
                detail_json=f'{{"result":{result}}}',
            )
        ],
    )  # fmt: skip


def run_task(journal, number, *, execution=1):
    """Hand a task out and end it well, in two turns."""
    with journal.turn() as turn:
        turn.apply(hand_out(turn, number, execution=execution))
    with journal.turn() as turn:
        turn.apply(end_well(turn, number, execution=execution))


def modification(number, seq, *, deployment=1, execution=1, **values):
    """A new modification."""
    row = Modification(number, deployment, f"d_{number}", execution, 1, "{}", "{}", AT, seq, 0, None, None, 0)
    return row._replace(**values)


def start_modification(journal, deployment=1, execution=1):
    """Start a modification of two steps, of which the first is done, with the count that it plans; gives its row."""
    with journal.turn() as turn:
        seq = turn.seq
        row = modification(turn.next_id("modification"), seq, deployment=deployment, execution=execution)
        steps = [
            ModificationStep(turn.next_id("modification_step"), deployment, row.id, kind, seq, 0, None, None)
            for kind in ("apply", "finish")
        ]
        turn.apply(
            Changes(
                modifications=[row],
                modification_steps=steps,
                modification_step_moves=[ModificationStepMove(1, AT, seq + 1, steps[0].id)],
                scaling=[Scaling(deployment, "node", 2, 3, seq + 1, 0)],
                transitions=[
                    transition(execution, seq, Subject.MODIFICATION, row.id, event=2),
                    transition(execution, seq + 1, Subject.MODIFICATION_STEP, steps[0].id, source=0, target=1),
                ],
            )
        )
    return row


def finish_modification(turn, row, *, execution=1):
    """The changes that finish a modification of `start_modification`."""
    seq = turn.seq
    return Changes(
        modification_moves=[ModificationMove(1, AT, seq + 1, execution, row.id)],
        modification_step_moves=[ModificationStepMove(1, AT, seq, 2 * row.id)],
        scaling=[Scaling(row.deployment, "node", 3, 3, seq, 0)],
        transitions=[
            transition(execution, seq, Subject.MODIFICATION_STEP, 2 * row.id, source=0, target=1),
            transition(execution, seq + 1, Subject.MODIFICATION, row.id, source=0, target=1),
        ],
    )


def fill(journal):
    """A journal with rows in every table: two executions, a deployment, a request that waits and one that is taken."""
    deployment = deploy(journal, instances=2)
    first = start(journal, tasks=4, deployment=deployment.id)
    start(journal, tasks=1)
    with journal.turn() as turn:
        seq = turn.seq
        turn.apply(
            Changes(
                executions=[],
                execution_moves=[execution_move(first, state=3, fence=1, owner_json='{"pid":1}', started_us=AT + seq)],
                graph_moves=[GraphMove(1, 1, 1)],
                dependencies=[Dependency(1, 3, 2, seq), Dependency(1, 3, 1, seq)],
                transitions=[
                    transition(1, seq, source=2, target=3, event=2, fence=1),
                    transition(1, seq + 1, Subject.GRAPH, 1, source=0, target=1, event=0),
                ],
                events=[event(1, "begun"), event(2, "not begun", context_json='{"a":"é"}')],
                requests=[request(1, key="k", payload_json='{"why":"I must"}'), request(1, kind="pause")],
            )
        )
    run_task(journal, 1)
    with journal.turn() as turn:
        turn.apply(hand_out(turn, 2))
        now = turn.instance(deployment.id, "node_1")
        seq = turn.seq
        turn.apply(
            Changes(
                instances=[now._replace(state="started", runtime_properties_json='{"ip":"::1"}', revision=2, seq=seq)],
                transitions=[transition(1, seq, Subject.NODE_INSTANCE, now.id, event=1)],
                taken=[1],
            )
        )
    modified = start_modification(journal, deployment.id)
    with journal.turn() as turn:
        turn.apply(finish_modification(turn, modified))


def path_to(guard, state):
    """The shortest way of codes from the initial state to `state`, the initial one left out."""
    ways = {guard.initial: []}
    queue = deque([guard.initial])
    while queue:
        here = queue.popleft()
        for source, target in sorted(guard.edges):
            if source == here and target not in ways:
                ways[target] = [*ways[here], target]
                queue.append(target)
    return ways[state]


def times_of(guard, state):
    """A begin and an end that agree with the state."""
    if guard.times is None:
        return None, None
    return None if state in guard.times.unbegun else AT, AT + 1 if state in guard.ended else None


def move(guard, number, state):
    """The changes that set a row of execution 1 to `state`: the execution itself, its graph, a task or an attempt."""
    began, ended = times_of(guard, state)
    if guard is EXECUTION:
        return Changes(execution_moves=[ExecutionMove(state, 0, None, began, ended, ended and 1, None, number)])
    if guard is GRAPH:
        return Changes(graph_moves=[GraphMove(state, 1, number)])
    if guard is TASK:
        return Changes(task_moves=[TaskMove(state, 1, 0, 0, None, 1, 1, number)])
    if guard is MODIFICATION:
        return Changes(modification_moves=[ModificationMove(state, ended, ended and 1, 0, number)])
    if guard is MODIFICATION_STEP:
        done = state in guard.ended
        return Changes(
            modification_step_moves=[ModificationStepMove(state, AT if done else None, 1 if done else None, number)]
        )
    return Changes(attempt_moves=[AttemptMove(state, began, ended, 1, number, 1)])


def new_row(guard, turn):
    """Insert a row for `guard` and give its number. Execution 1 with task 1 must be there."""
    seq = turn.seq
    if guard is EXECUTION:
        number = turn.next_id("execution")
        turn.apply(Changes(executions=[execution(number, seq)], transitions=[transition(number, seq, no=number)]))
        return number
    if guard in (MODIFICATION, MODIFICATION_STEP):
        return _new_modified(guard, turn)
    number = seq + 1
    changes = Changes(transitions=[transition(1, seq)])
    if guard is GRAPH:
        changes.graphs.append(Graph(1, number, f"/{number}", seq, GRAPH.initial))
    else:
        changes.tasks.append(task(number, seq))
    if guard is ATTEMPT:
        changes.attempts.append(Attempt(1, number, 1, seq, 0, ATTEMPT.initial, None, None))
    turn.apply(changes)
    return number


def _new_modified(guard, turn):
    """A modification of a deployment of its own, with a step."""
    seq, number, deployment = turn.seq, turn.next_id("modification"), turn.next_id("deployment")
    blueprint, step = turn.next_id("blueprint"), turn.next_id("modification_step")
    turn.apply(
        Changes(
            blueprints=[Blueprint(blueprint, "b", "/b.yaml", "{}", "{}", AT, seq)],
            deployments=[Deployment(deployment, f"d{deployment}", blueprint, "{}", "{}", AT, seq, 0)],
            modifications=[modification(number, seq, deployment=deployment)],
            modification_steps=[ModificationStep(step, deployment, number, "apply", seq, 0, None, None)],
            transitions=[transition(1, seq)],
        )
    )
    return number if guard is MODIFICATION else step
