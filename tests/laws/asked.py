"""Handlers of a program's tasks, as data: what they decide at each call, what they add, link and take out."""

from __future__ import annotations

from dataclasses import dataclass

from durable_wf.model.events import Action, Decides


@dataclass(frozen=True)
class Handler:
    """The handler of one task.

    good      whether it is asked about good outcomes, else about bad ones
    words     what its first, second, … call since a reset decides: cont, ignore, fail, retry, `retry:5` (after 5 s),
              replace, `replace:5`; the last goes on for ever
    total     how many retries it may have; -1 without limit
    adds      what it adds when it does not try again: `Op`s, each after the one before
    before    numbers of nodes that wait for its task, and through it for the last of `adds`, too
    takes     numbers of nodes that wait for its task, and are taken out
    unlinks   numbers of nodes that wait for its task, and do so no more
    instead   what `replace` puts in its place: an `Op` or a `Sub`
    """

    good: bool
    words: tuple
    total: int = 0
    adds: tuple = ()
    before: tuple = ()
    takes: tuple = ()
    unlinks: tuple = ()
    instead: object = None


class Asked:
    """The handlers of one run of a function, by the task they belong to."""

    def __init__(self):
        self._handlers = {}
        self._taken = set()

    def is_out(self, spec):
        """Whether the task was taken out, or is in one that was: nothing can be made to wait for it any more."""
        return spec in self._taken or (spec.parent is not None and self.is_out(spec.parent))

    def register(self, spec, handler, flat):
        """The task has a handler; `flat` has the graph's nodes by number."""
        spec.on_success, spec.on_failure = handler.good, not handler.good
        self._handlers[spec] = (handler, flat)

    def decide(self, consult):
        """The answer to a question: a function of the question alone, as in replay."""
        handler, flat = self._handlers[consult.spec]
        assert consult.succeeded == handler.good
        word, _, wait = handler.words[min(consult.retries, len(handler.words) - 1)].partition(":")
        after_s = float(wait) if wait else None
        if word in {"retry", "replace"} and not (handler.total == -1 or consult.retries < handler.total):
            word = "fail"
        if word == "retry":
            return Decides(consult.spec, Action.RETRY, after_s)
        if word == "replace":
            return self._replace(consult.spec, handler, after_s)
        return self._add(consult.spec, handler, flat, Action({"cont": "continue"}.get(word, word)))

    def _replace(self, spec, handler, after_s):
        specs = list(_tree(handler.instead, spec.parent))
        self._handlers[specs[0]] = (handler, {})
        specs[0].on_success, specs[0].on_failure = handler.good, not handler.good
        return Decides(spec, Action.RETRY, after_s, specs, replacement=specs[0])

    def _add(self, spec, handler, flat, action):
        specs = [op.spec(spec.parent) for op in handler.adds]
        edges = list(zip(specs[1:], specs, strict=False))
        if specs:
            edges += [(flat[number], specs[-1]) for number in handler.before if number in flat]
        removed = [flat[number] for number in handler.takes if number in flat]
        self._taken.update(removed)
        unlinked = [(flat[number], spec) for number in handler.unlinks if number in flat]
        return Decides(spec, action, None, specs, edges, removed, unlinked)


def _tree(node, parent):
    """The specs of a node, members after their subgraph."""
    spec = node.subgraph(parent) if hasattr(node, "members") else node.spec(parent)
    yield spec
    for member in getattr(node, "members", ()):
        yield from _tree(member, spec)
