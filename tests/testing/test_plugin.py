"""The pytest plugin, in pytest runs of their own: its fixtures in every scope, and that it costs nothing unused."""

import subprocess
import sys

import pytest

SCOPED = """
from durable_wf import Engine, RunOptions
from durable_wf.journal.memory import MemoryJournal

@pytest.fixture(scope="{scope}")
def engine(wf_clock):
    with Engine(MemoryJournal(), clock=wf_clock) as engine:
        yield engine

class TestOne:
    def test_first(self, engine, wf_clock):
        began = wf_clock.now().wall_us
        flows.FAILS[:] = [3600]
        uid = engine.start(flows.three)
        assert wf_clock.finish(engine, uid) == "terminated"
        assert wf_clock.now().wall_us == began + 3_600_000_000

    def test_second(self, engine, wf_engine, wf_clock):
        began = wf_clock.now().wall_us
        flows.FAILS[:] = [60, 60]
        uids = [engine.start(flows.three), wf_engine.start(flows.three)]
        assert [wf_clock.finish(one, uid) for one, uid in zip([engine, wf_engine], uids)] == ["terminated"] * 2
        assert began + 60_000_000 <= wf_clock.now().wall_us <= began + 120_000_000
"""


@pytest.mark.parametrize("scope", ["function", "class", "module", "package", "session"])
def test_the_clock_may_be_asked_for_by_a_fixture_of_any_scope(inner, scope):
    inner(SCOPED.format(scope=scope)).assert_outcomes(passed=2)


def test_each_test_finds_the_clock_where_it_began(inner):
    inner("""
from durable_wf.testing.clock import START_US

@pytest.mark.parametrize("turn", [1, 2])
def test_start(wf_clock, turn):
    assert wf_clock.now().wall_us == START_US
    wf_clock.advance(60)
    wf_clock.jump(-3600)
    wf_clock.reboot()
""").assert_outcomes(passed=2)


def test_while_an_engine_of_a_wider_scope_is_open_time_only_goes_on(inner):
    inner("""
from durable_wf import Engine
from durable_wf.journal.memory import MemoryJournal
from durable_wf.testing.clock import START_US
SEEN = []

@pytest.fixture(scope="module")
def engine(wf_clock):
    with Engine(MemoryJournal(), clock=wf_clock) as engine:
        yield engine

@pytest.mark.parametrize("turn", [0, 1])
def test_shared(engine, wf_clock, turn):
    assert wf_clock.now().wall_us == START_US + turn * 60_000_000
    wf_clock.advance(60)
""").assert_outcomes(passed=2)


def test_a_test_without_the_clock_has_an_engine_on_real_time(inner):
    inner("""
def test_real(wf_engine):
    from durable_wf.clock import SystemClock
    assert isinstance(wf_engine.clock, SystemClock)
    assert wf_engine.finish(wf_engine.start(flows.three)) == "terminated"
""").assert_outcomes(passed=1)


def test_a_waiting_retry_fires_when_the_clock_is_advanced_and_not_before(inner):
    inner("""
def test_retry(wf_engine, wf_clock):
    flows.FAILS[:] = [3600]
    flows.RAN.clear()
    uid = wf_engine.start(flows.three)
    while wf_engine.journal.passed["task.rescheduled"] == 0:
        wf_clock.advance(0)
    wf_clock.advance(3599)
    assert flows.RAN == ["a"]
    wf_clock.advance(1)
    assert wf_engine.wait(uid, 20) == "terminated"
    assert flows.RAN == ["a", "a", "b", "c"]
""").assert_outcomes(passed=1)


def test_the_marker_and_a_parameter_say_where_the_journal_is(inner):
    inner("""
def test_memory(wf_engine):
    assert not hasattr(wf_engine.store, "path")

@pytest.mark.wf_engine(journal="file", max_operations=2)
def test_file(wf_engine):
    assert wf_engine.store.path.exists()
    assert wf_engine.host.pool.size == 2

@pytest.mark.parametrize("wf_engine", ["memory", "file", {"journal": "file", "max_operations": 1}], indirect=True)
def test_all(wf_engine):
    assert wf_engine.finish(wf_engine.start(flows.three)) == "terminated"

@pytest.mark.wf_engine(journal="disk")
def test_wrong(wf_engine):
    pass
""").assert_outcomes(passed=5, errors=1)


def test_a_function_that_one_test_replaces_is_itself_again_in_the_next(inner):
    inner("""
def test_one(wf_engine, monkeypatch):
    monkeypatch.setattr(flows, "step", lambda name: "other")
    flows.step.__module__, flows.step.__qualname__ = "flows", "step"
    uid = wf_engine.start(flows.three)
    wf_engine.finish(uid)
    assert wf_engine.result(uid) == ["other"] * 3

def test_two(wf_engine):
    uid = wf_engine.start(flows.three)
    wf_engine.finish(uid)
    assert wf_engine.result(uid) == ["a", "b", "c"]
""").assert_outcomes(passed=2)


def test_an_engine_is_closed_after_its_test(inner):
    inner("""
LEFT = []
def test_one(wf_engine):
    LEFT.append(wf_engine)
def test_two():
    from durable_wf.errors import UsageError
    with pytest.raises(UsageError, match="closed"):
        LEFT[0].start(flows.three)
""").assert_outcomes(passed=2)


def test_the_older_systems_names_can_be_had_by_a_setting(pytester):
    pytester.makeini("[pytest]\ndurable_wf_cloudify = true\n")
    pytester.makepyfile("""
        from cloudify.decorators import operation
        def test_it():
            assert operation.__module__ == "durable_wf.authoring.functions"
    """)
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_unused_the_plugin_imports_no_part_of_the_engine(pytester):
    pytester.makepyfile("""
        import sys
        def test_it():
            heavy = ["peewee", "networkx", "durable_wf.engine", "durable_wf.authoring", "durable_wf.journal"]
            assert "durable_wf.testing.plugin" in sys.modules
            assert [name for name in heavy if name in sys.modules] == []
    """)
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_the_plugin_is_an_entry_point_of_the_distribution():
    code = "from importlib.metadata import entry_points as e; print(*e(group='pytest11', name='durable_wf'))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "durable_wf.testing.plugin" in found
