"""The cancel requests of one execution, as its workflow function sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping, MutableSet
from typing import TYPE_CHECKING, Any

from durable_wf.authoring.exceptions import ExecutionCancelled
from durable_wf.model.events import Gets, Level

if TYPE_CHECKING:
    from durable_wf.authoring.services import Bridge
    from durable_wf.model.commands import Answer
    from durable_wf.model.events import Spec

Callback = Callable[[], Any]


class Callbacks(MutableSet[Callback]):
    """A set that keeps the order in which things were added: so a replay calls them in the same order."""

    def __init__(self, kept: MutableMapping[Callback, None] | None = None) -> None:
        self._kept = {} if kept is None else kept

    def __contains__(self, callback: object) -> bool:
        return callback in self._kept

    def __iter__(self) -> Iterator[Callback]:
        return iter(list(self._kept))

    def __len__(self) -> int:
        return len(self._kept)

    def add(self, value: Callback) -> None:
        """Add one; twice is harmless."""
        self._kept[value] = None

    def discard(self, value: Callback) -> None:
        """Take one out, if it is there."""
        self._kept.pop(value, None)


class Cancelling:
    """What `workflow_api` asks.

    is_killed         the function has asked for its own kill
    cancel_callbacks  called once, on the workflow's thread, when it is told of a request
    kill_callbacks    called when the function asks for its own kill; a kill from outside calls nothing any more
    """

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self.is_killed = False
        self.cancel_callbacks = Callbacks(bridge.cancel_callbacks)
        self.kill_callbacks = Callbacks()

    def has_request(self) -> bool:
        """As `has_cancel_request` of the bridge."""
        return self._bridge.has_cancel_request()

    def ask(self, level: Level) -> None:
        """The function asks for it itself."""
        self._bridge.request_cancel(level)
        if level is Level.KILL:
            self.is_killed = True
            for callback in self.kill_callbacks:
                callback()


def fetch(bridge: Bridge, spec: Spec) -> Answer:
    """Wait for a task of standard mode.

    raises  ExecutionCancelled where the function is told of a cancel request instead
    """
    answer = bridge.call(Gets(spec))
    if answer.cancelled:
        raise cancelled()
    return answer


def cancelled() -> ExecutionCancelled:
    """What a blocking call raises when it is told."""
    return ExecutionCancelled("the execution was asked to cancel")
