"""What the tests' operations do: they note that they ran, and fail or wait where a test wants it.

A module of its own, so that the journal's `module:qualname` leads to the same functions in every process.
"""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from durable_wf import ctx, operation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TIMEOUT = 20.0  # longer than any test takes that does not hang


class Broken(Exception):
    """What a broken operation raises."""


class World:
    """What the operations of one test did and find.

    ran     (name, idempotency key) of every call, in order
    broken  names of operations that fail now
    order   what a workflow asks for, where a test changes the code under it
    seen    what else the operations want a test to know
    hooks   what a test does inside of an operation of this name, before it fails or ends
    """

    def __init__(self) -> None:
        self.ran: list[tuple[str, str]] = []
        self.broken: set[str] = set()
        self.order: list[Any] = []
        self.seen: list[Any] = []
        self.hooks: dict[str, Callable[[], None]] = {}
        self._gates: dict[str, threading.Event] = {}
        self._arrived: dict[str, int] = {}
        self._coming = threading.Condition()
        self._lock = threading.Lock()

    def clear(self) -> None:
        """Everything is mended, nothing ran."""
        for gate in self._gates.values():
            gate.set()
        self.__init__()

    def note(self, name: str, key: str) -> None:
        """An operation says that it runs; it stops at a closed gate, and fails where it is broken."""
        with self._lock:
            self.ran.append((name, key))
            gate = self._gates.get(name)
        if gate is not None:
            with self._coming:
                self._arrived[name] += 1
                self._coming.notify_all()
            assert gate.wait(TIMEOUT), f"nobody opened the gate of {name}"
        if name in self.hooks:
            self.hooks[name]()
        if name in self.broken:
            raise Broken(name, 3)

    def counts(self) -> Counter[str]:
        """How often each ran."""
        return Counter(name for name, _ in self.ran)

    def names(self) -> list[str]:
        """The names in the order in which they ran."""
        return [name for name, _ in self.ran]

    @contextmanager
    def gate(self, *names: str) -> Iterator[None]:
        """Operations of these names wait inside, until the `with` ends."""
        gate = threading.Event()
        with self._lock:
            for name in names:
                self._gates[name] = gate
                self._arrived[name] = 0
        try:
            yield
        finally:
            with self._lock:
                for name in names:
                    self._gates.pop(name, None)
            gate.set()

    def open(self, name: str) -> None:
        """Let those go on that wait in `name`; others still stop there."""
        with self._lock:
            gate = self._gates.pop(name)
        gate.set()

    def arrived(self, name: str, times: int = 1) -> None:
        """Wait until so many operations have come to the gate."""
        with self._coming:
            came = self._coming.wait_for(lambda: self._arrived[name] >= times, TIMEOUT)
        assert came, f"{name} did not begin"


WORLD = World()


@operation(resumable=True)
def work(name: str, **_: Any) -> str:
    """May be repeated."""
    WORLD.note(name, ctx.operation.idempotency_key)
    return f"{name} done"


@operation
def risky(name: str, **_: Any) -> str:
    """Must not be repeated without asking."""
    WORLD.note(name, ctx.operation.idempotency_key)
    return f"{name} done"


@operation(resumable=True)
def settle(name: str, by: str | None = None, number: int | None = None) -> None:
    """Set runtime properties of the instance; the same ones each time."""
    WORLD.note(f"{name} {ctx.instance.id}", ctx.operation.idempotency_key)
    ctx.instance.runtime_properties[name] = {"of": ctx.instance.id, "by": by, "number": number}


def op(ctx: Any, name: str, **kwargs: Any) -> Any:
    """A task that may be repeated."""
    return ctx.execute_task(work, kwargs={"name": name, **kwargs})


def once(ctx: Any, name: str, **kwargs: Any) -> Any:
    """A task that must not be repeated without asking."""
    return ctx.execute_task(risky, kwargs={"name": name, **kwargs})
