"""A process of its own that looks at what engines do to logging. It fails where something is not as it was."""

from __future__ import annotations

import logging

BEFORE_OURS = logging.Logger.isEnabledFor, logging.Logger.callHandlers

from durable_wf import Engine  # noqa: E402 - importing it must change nothing
from durable_wf.engine.code import make_importable  # noqa: E402 - as above
from durable_wf.journal.memory import MemoryJournal  # noqa: E402 - as above


def now():
    """What engines could have changed."""
    root = logging.root
    classes = logging.getLoggerClass(), logging.getLogRecordFactory()
    return logging.Logger.isEnabledFor, logging.Logger.callHandlers, *classes, tuple(root.handlers), root.level


def main():
    """Two engines, one after the other closed."""
    make_importable(None)
    from tests.authoring import talking

    before = now()
    assert before[:2] == BEFORE_OURS
    engines = [Engine(MemoryJournal()) for _ in range(2)]
    assert now() == before
    for engine in engines:
        assert engine.wait(engine.start(talking.library_says), 60) == "terminated"
    assert now()[2:] == before[2:]
    assert now()[:2] != before[:2]
    assert [one.message for one in engines[1].journal.events(1)] == ["said"]
    engines[0].close()
    assert now()[:2] != before[:2]
    engines[1].close()
    assert now() == before


if __name__ == "__main__":
    main()
