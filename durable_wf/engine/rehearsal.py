"""A copy of one deployment in memory, for a dry run: whatever is done there, the journal stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable_wf.inspection.find import find_deployment
from durable_wf.journal.memory import MemoryJournal
from durable_wf.model import rows

if TYPE_CHECKING:
    from durable_wf.inspection.view import Store


def copy_of(store: Store, deployment: str) -> MemoryJournal:
    """A new journal with the deployment as it is now, and nothing else.

    raises  NotFoundError with near matches
    """
    row = find_deployment(store, deployment)
    blueprint = next(one for one in store.blueprints() if one.id == row.blueprint)
    nodes, instances = store.nodes(row.id), store.instances(row.id)
    journal = MemoryJournal(journal_id="dry-run")
    with journal.turn() as turn:
        seq = turn.seq
        new = row._replace(id=turn.next_id("deployment"), blueprint=turn.next_id("blueprint"), seq=seq)
        created = rows.Transition(
            0, seq, int(rows.Subject.DEPLOYMENT), new.id, None, 0, 0, row.created_us, None, None, 0, None
        )
        turn.apply(
            rows.Changes(
                blueprints=[blueprint._replace(id=new.blueprint, seq=seq)],
                deployments=[new],
                nodes=[one._replace(deployment=new.id, seq=seq) for one in nodes],
                instances=[
                    one._replace(id=turn.next_id("node_instance"), deployment=new.id, seq=seq) for one in instances
                ],
                transitions=[created],
            )
        )
    return journal
