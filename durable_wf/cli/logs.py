"""`logs`: the events and logs of an execution, as lines. It writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable_wf.cli import parameters
from durable_wf.cli.calls import Call
from durable_wf.cli.output import clean
from durable_wf.cli.parameters import Follow

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from durable_wf.inspection.records import Message

_WIDTH = len("warning")


def logs(call: Call, execution: parameters.Execution, follow: Follow = False) -> None:
    """Print the events and logs of an execution, in order; debug logs only with -v."""
    from durable_wf.cli.following import print_new
    from durable_wf.inspection.events import EventReader
    from durable_wf.inspection.find import find_execution
    from durable_wf.inspection.records import message_record

    shown = call.out.as_json or call.out.level > 0
    with call.view() as view:
        row = find_execution(view.store, execution)
        reader = EventReader(view.store, row)

        def more() -> list[Message]:
            found = [message_record(one) for one in reader.more()]
            return [one for one in found if shown or one.level != "debug"]

        print_new(call, view, row, more, _lines, follow=follow)


def _lines(messages: Sequence[Message]) -> Iterator[str]:
    for one in messages:
        at = f"{one.timestamp[:10]} {one.timestamp[11:23]}"
        level = clean(one.level or _level_of(one.event_type or ""))
        about = clean(_bracket(one))
        text = clean(one.message.text).replace("\n", "\n    ")
        yield f"{at}  {level:<{_WIDTH}}  {about}{text}"


def _level_of(event_type: str) -> str:
    """Of an event, which has none: what a person should look at."""
    if event_type.endswith("_failed"):
        return "error"
    return "warning" if event_type in ("workflow_warning", "task_rescheduled") else "event"


def _bracket(message: Message) -> str:
    from durable_wf.authoring.printing import Event

    found = Event({"context": message.context}).bracket
    return f"[{found}] " if found else ""
