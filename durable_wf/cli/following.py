"""`-f`: going on with what a command prints, until its execution ends or nobody runs it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from durable_wf.cli.progress import LOOK_S, is_over
from durable_wf.inspection.records import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from durable_wf.cli.calls import Call
    from durable_wf.inspection.view import View
    from durable_wf.model import rows


def print_new(
    call: Call,
    view: View,
    row: rows.Execution,
    more: Callable[[], Sequence[Any]],
    lines: Callable[[Sequence[Any]], Iterable[str]],
    *,
    follow: bool,
) -> None:
    """Print what there is; with `follow` go on with what comes, with --json one document a line.

    more   records that are new since it was called last
    lines  of records, for people
    """
    if not follow:
        found = more()
        call.out.items(found, [] if call.out.as_json else lines(found))
        return
    never = threading.Event()
    while True:
        state = view.state(view.store.find_execution(row.uid)[0])  # before the rows, so that the last are not missed
        found = more()
        if call.out.as_json:
            for record in found:
                call.out.document(plain(record), indent=None)
        else:
            call.out.lines(lines(found))
        if is_over(state):
            call.out.note(f"execution {row.uid}: {state}")
            return
        never.wait(LOOK_S)
