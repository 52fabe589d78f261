"""The pytest plugin: fixtures for tests of workflows. Without one of them in use it does nothing and imports nothing.

wf_clock              virtual time
wf_engine             an engine on a journal of its own, in memory or in a file
crash_at              makes that engine die at a commit
replay_journal        replays a journal with the code as it is now
assert_no_double_run  fails where an operation ran oftener than the journal allows
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from durable_wf.testing.clock import ManualClock
    from durable_wf.testing.lab import Death, LabEngine, Store

JOURNALS = ("memory", "file")
_CLOCK = pytest.StashKey["ManualClock"]()
_MARK = (
    'wf_engine(journal="memory", **options): what wf_engine is made with: where its journal is ("memory" or "file"), '
    "and options of durable_wf.Engine"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Settings in the configuration file."""
    text = "make the older system's names (`import cloudify`) importable in tests, handed on by durable-wf"
    parser.addini("durable_wf_cloudify", text, type="bool", default=False)


def pytest_configure(config: pytest.Config) -> None:
    """Announce the marker."""
    config.addinivalue_line("markers", _MARK)
    if config.getini("durable_wf_cloudify"):
        from durable_wf.engine.code import make_importable

        make_importable(None)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Forget what the test before has left: functions are found anew, and the clock is set back.

    The clock not while an engine that outlives tests lives by it.
    """
    functions = sys.modules.get("durable_wf.authoring.functions")
    if functions is not None:
        functions.forget()
    clock = item.config.stash.get(_CLOCK, None)
    if clock is not None and not clock.in_use:
        clock.reset()


@pytest.fixture(scope="session")
def wf_clock(pytestconfig: pytest.Config) -> Iterator[ManualClock]:
    """Virtual time, for fixtures of any scope. `advance(seconds)` fires what comes due in every engine on it.

    Each test finds it where it began; while an engine of a wider scope lives by it, time only goes on. No clock of
    the machine is touched.
    """
    from durable_wf.testing.clock import ManualClock

    clock = pytestconfig.stash[_CLOCK] = ManualClock()
    yield clock
    del pytestconfig.stash[_CLOCK]


@pytest.fixture
def wf_engine(request: pytest.FixtureRequest) -> Iterator[LabEngine]:
    """An engine, closed after the test; on virtual time where the test, or a fixture of it, uses `wf_clock`.

    `@pytest.mark.wf_engine(journal="file")` puts its journal into a file, whose path is `wf_engine.store.path`. As a
    parameter (`indirect=True`) the fixture takes `"memory"`, `"file"`, or a mapping of the marker's arguments.

    raises  UsageError for another kind of journal
    """
    from durable_wf.testing.lab import Lab

    options = _options(request)
    store = _store(options.pop("journal", JOURNALS[0]), request)
    clock = request.getfixturevalue("wf_clock") if "wf_clock" in request.fixturenames else None
    lab = Lab(store, clock, **options)
    yield lab.newest
    lab.close()


def _options(request: pytest.FixtureRequest) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for mark in reversed(list(request.node.iter_markers("wf_engine"))):  # the nearest one last
        options |= mark.kwargs
    given = getattr(request, "param", {})
    return options | ({"journal": given} if isinstance(given, str) else dict(given))


def _store(kind: Any, request: pytest.FixtureRequest) -> Store:
    from durable_wf.errors import UsageError
    from durable_wf.testing.stores import FileStore, MemoryStore

    if kind == "memory":
        return MemoryStore()
    if kind == "file":
        folder: Path = request.getfixturevalue("tmp_path")
        return FileStore(folder / "wf_engine" / "journal.db")
    raise UsageError(f"wf_engine(journal={kind!r})", hint=f"it is one of {', '.join(JOURNALS)}")


@pytest.fixture
def crash_at(wf_engine: LabEngine) -> Iterator[Callable[..., Death]]:
    """`crash_at("after:task.sent", 2)`: the test's engine dies where that is passed for the second time.

    The engine is the newest of the test: `wf_engine`, or the one after an earlier death.

    raises  UsageError with near matches for a point that there is not
    """
    from durable_wf.testing.crash import Point
    from durable_wf.testing.lab import Death, quiet_crashes

    with ExitStack() as stack:

        def order(point: str, n: int = 1) -> Death:
            death = Death(wf_engine.lab, Point.parse(point), n)
            stack.enter_context(quiet_crashes())  # here: an older pytest sets its own hook anew for each phase
            return death

        yield order


@pytest.fixture
def replay_journal() -> Callable[..., Any]:
    """`durable_wf.testing.replay_journal`."""
    from durable_wf.testing import replay_journal

    return replay_journal


@pytest.fixture
def assert_no_double_run() -> Callable[..., None]:
    """`durable_wf.testing.assert_no_double_run`."""
    from durable_wf.testing import assert_no_double_run

    return assert_no_double_run
