"""Workflows of the orchestra."""

from cloudify.decorators import workflow
from cloudify.workflows.tasks_graph import forkjoin

MUSICIAN = "orchestra.nodes.Musician"


@workflow(resumable=True)
def arrive(ctx, **_):
    """Everybody comes in, and is there from then on."""
    graph = ctx.graph_mode()
    for one in _everybody(ctx):
        work = [one.execute_operation("orchestra.arrive")] if MUSICIAN in one.node.type_hierarchy else []
        graph.sequence().add(*work, one.set_state("started"))
    graph.execute()


@workflow(resumable=True)
def rehearse(ctx, piece, bars, node_ids, pitch, tempo, tuning_note, **_):
    """Those who are named play at once; returns how many they were."""
    musicians = [one for one in _musicians(ctx) if not node_ids or one.node_id in node_ids]
    graph = ctx.graph_mode()
    given = {"piece": piece, "bars": bars}
    graph.sequence().add(
        ctx.send_event(f"The {tuning_note} has {pitch} Hz; {tempo}"),
        forkjoin(*[_play(one, given) for one in musicians]),
    )
    graph.execute()
    return len(musicians)


@workflow(resumable=True)
def concert(ctx, programme, node_type, **_):
    """Piece by piece: those of a type begin, all others come in."""
    graph = ctx.graph_mode()
    sequence = graph.sequence()
    for piece in programme:
        first = [one for one in _musicians(ctx) if node_type in one.node.type_hierarchy]
        others = [one for one in _musicians(ctx) if node_type not in one.node.type_hierarchy]
        for group in (first, others):
            sequence.add(forkjoin(*[_play(one, {"piece": piece}) for one in group]))
    graph.execute()
    return programme


def _play(one, given):
    return one.execute_operation("orchestra.play", kwargs=given, allow_kwargs_override=True)


def _everybody(ctx):
    return sorted(ctx.node_instances, key=lambda one: one.id)


def _musicians(ctx):
    return [one for one in _everybody(ctx) if MUSICIAN in one.node.type_hierarchy]
