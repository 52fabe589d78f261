"""What plugins and workflows say: which of it comes into the journal, as what, and what of logging stays untouched."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from cloudify.logs import CloudifyCtxLoggingHandler
from cloudify.utils import setup_logger

from durable_wf.authoring import capture
from durable_wf.authoring.speech import MAX_LINE, CtxLogger, Speech, line_of, speaking
from durable_wf.inspection.events import EventReader
from tests.authoring import talking

ROOT = Path(__file__).parent.parent.parent


def said(life, uid=None):
    """(type, level, text, task) of all that was said."""
    row = life.journal.executions()[0] if uid is None else life.engine.find(uid)
    return [(one.type, one.level, one.message, one.task) for one in life.journal.events(row.id)]


def test_plugins_own_loggers_from_info_up_are_lines_of_the_attempt(lives):
    """In the order in which they were said, between what ctx.logger and ctx.send_event said."""
    life = lives()
    life.run(talking.one, {"name": "speaks"})
    assert said(life) == [
        ("plugin_log", "debug", "fine", 1),
        ("plugin_log", "info", "connected to here", 1),
        ("plugin_log", "warning", "slow", 1),
        ("plugin_event", "info", "half-way", 1),
        ("plugin_log", "error", "done", 1),
    ]
    assert [one.context_json for one in life.journal.events(1)] == [
        None, '{"logger":"tests.library"}', '{"logger":"tests.library.deeper"}', None, None,
    ]  # fmt: skip


def test_the_least_level_is_a_setting(lives, store):
    """For other loggers than ctx.logger."""
    from durable_wf import Engine

    with Engine(store.open(), log_level=logging.WARNING) as engine:
        uid = engine.start(talking.one, {"name": "speaks"})
        engine.wait(uid, 60)
        texts = [one.message for one in engine.journal.events(1)]
    assert texts == ["fine", "slow", "half-way", "done"]


def test_the_root_logger_and_levels_are_as_they_were_during_and_after(lives):
    """Handlers, level, disable, propagate."""
    before = talking.set_up()
    life = lives()
    uid, _ = life.run(talking.one, {"name": "looks_at_logging"})
    assert life.engine.result(uid) == before
    assert talking.set_up() == before


def test_a_record_that_only_the_journal_wants_goes_to_nobody_else(lives, caplog):
    """The root's handlers get what they would have got without us: warnings, and no infos."""
    life = lives()
    life.run(talking.one, {"name": "speaks"})
    assert [one.getMessage() for one in caplog.records] == ["slow"]


def test_logging_itself_is_as_before_once_no_engine_wants_it():
    """In a process of its own: here other tests' engines may live."""
    subprocess.run([sys.executable, "-m", "tests.authoring.taps"], check=True, cwd=ROOT)


def plain_logging(monkeypatch):
    """As it is where no engine lives: those of other tests may."""
    monkeypatch.setattr(logging.Logger, "callHandlers", CtxLogger.callHandlers)
    monkeypatch.setattr(logging.Logger, "isEnabledFor", CtxLogger.isEnabledFor)


def test_what_somebody_else_has_put_over_it_stays(monkeypatch):
    """It passes on what it gets, and nothing is captured any more."""
    heard = []
    speech = Speech(heard.append, lambda: 1)
    plain_logging(monkeypatch)
    taps = capture.Taps()
    ours = logging.Logger.callHandlers

    def over(logger, record):
        ours(logger, record)

    logging.Logger.callHandlers = over
    with speaking(speech):
        talking.LIBRARY.info("one")
        taps.off()
        talking.LIBRARY.info("two")
        talking.LIBRARY.warning("three")
    assert logging.Logger.callHandlers is over
    assert [one.text for one in heard] == ["one"]


@pytest.fixture
def captured(monkeypatch):
    """What is captured in this thread."""
    heard = []
    plain_logging(monkeypatch)
    taps = capture.Taps()
    with speaking(Speech(heard.append, lambda: 1)):
        yield heard
    taps.off()


@pytest.fixture
def logger():
    """A logger of its own, forgotten afterwards."""
    made = logging.getLogger("tests.of_its_own")
    yield made
    made.setLevel(logging.NOTSET)
    made.propagate, made.disabled = True, False
    for handler in list(made.handlers):
        made.removeHandler(handler)
    for found in list(made.filters):
        made.removeFilter(found)


class Kept(logging.Handler):
    """Keeps what it gets."""

    def __init__(self):
        super().__init__()
        self.texts = []

    def emit(self, record):
        self.texts.append(record.getMessage())


def test_a_logger_that_has_a_level_decides_for_itself(captured, logger):
    logger.setLevel(logging.ERROR)
    logger.warning("no")
    logging.getLogger("tests.of_its_own.below").warning("no")
    logger.error("yes")
    assert [one.text for one in captured] == ["yes"]


def test_a_logger_that_does_not_propagate_keeps_its_records(captured, logger):
    """Its own handlers get them."""
    kept = Kept()
    logger.addHandler(kept)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.info("its own")
    assert captured == []
    assert kept.texts == ["its own"]


def test_filters_disabled_loggers_and_logging_disable_are_honoured(captured, logger):
    logger.addFilter(lambda record: "not" not in record.getMessage())
    logger.info("do not")
    logger.info("do")
    logger.disabled = True
    logger.warning("disabled")
    logger.disabled = False
    logging.disable(logging.WARNING)
    try:
        logger.warning("switched off")
        logger.error("still on")
    finally:
        logging.disable(logging.NOTSET)
    assert [one.text for one in captured] == ["do", "still on"]


def test_a_plugins_own_handlers_get_all_that_they_would_have_got(captured, logger):
    """Also a record that was handed to a logger, past its level."""
    kept = Kept()
    logger.addHandler(kept)
    logger.info("only for the journal")
    logger.handle(logger.makeRecord(logger.name, logging.INFO, "", 1, "handed over", (), None))
    logger.warning("both")
    assert kept.texts == ["handed over", "both"]
    assert [one.text for one in captured] == ["only for the journal", "handed over", "both"]


def test_a_thread_that_belongs_to_nobody_is_not_heard(logger, monkeypatch):
    plain_logging(monkeypatch)
    taps = capture.Taps()
    assert not logger.isEnabledFor(logging.INFO)
    taps.off()


def test_a_handler_that_leads_to_ctx_logger_does_not_double_a_line(lives):
    """`CloudifyCtxLoggingHandler`."""
    life = lives()
    life.run(talking.one, {"name": "routes"})
    assert said(life) == [("plugin_log", "warning", "once", 1)]


def test_a_handler_gives_a_record_to_the_contexts_logger(logger):
    """Whatever the context is."""

    class Context:
        logger = logging.Logger("of a test")  # noqa: LOG001 - it is the test's own

    kept = Kept()
    Context.logger.addHandler(kept)
    logger.addHandler(CloudifyCtxLoggingHandler(Context))
    logger.error("routed %d", 1)
    assert kept.texts == ["routed 1"]


def test_what_a_local_task_says_belongs_to_its_attempt(lives):
    """Through the workflow's ctx as well; what the function says belongs to the execution."""
    life = lives()
    life.run(talking.local_speaks)
    assert said(life) == [
        ("workflow_log", "info", "before", None),
        ("workflow_log", "info", "through the workflow's ctx", 1),
        ("plugin_log", "info", "through its own", 1),
        ("workflow_log", "info", "after", None),
    ]


def test_lines_of_a_plugins_threads_are_all_there_each_in_its_threads_order(lives):
    life = lives()
    life.run(talking.one, {"name": "in_threads", "kwargs": {"count": 4, "lines": 200}})
    found = [tuple(map(int, text.split())) for _, _, text, _ in said(life)]
    assert Counter(found) == Counter((number, line) for number in range(4) for line in range(200))
    for number in range(4):
        assert [line for who, line in found if who == number] == list(range(200))


def test_a_line_that_is_too_long_loses_its_middle_with_a_note(lives):
    life = lives()
    life.run(talking.one, {"name": "says_much", "kwargs": {"lines": 1, "text": "x" * 50_000}})
    ((_, _, text, _),) = said(life)
    assert len(text) < MAX_LINE + 100
    assert f"… {50_002 - MAX_LINE} characters left out …" in text
    assert text.endswith("x 0")


def test_a_line_whose_arguments_cannot_be_shown_is_a_line_all_the_same():
    class Secretive:
        def __repr__(self):
            raise ValueError("no")

    record = logging.LogRecord("a.name", logging.INFO, "", 1, "%d", (Secretive(),), None)
    assert line_of(record) == "(a line of a.name that cannot be shown: ValueError)"


def test_a_replay_does_not_say_again_what_was_said(lives):
    """Lines and events of the function; what a crash has taken is said then."""
    first = lives(at=4)
    uid = first.start(talking.sends)
    assert first.wait(uid) is None
    first.settle_death()
    second = lives()
    assert second.resume(uid, reset_operations=True) == "terminated"
    whole = [one for one in said(second) if one[3] is None]
    third = lives()
    undisturbed = third.start(talking.sends)
    assert third.wait(undisturbed) == "terminated"
    assert Counter(whole) == Counter(one for one in said(third, undisturbed) if one[3] is None)


def test_what_was_said_in_a_replay_that_runs_to_the_end_is_written(lives):
    """No task ends the replay: the lines come with the end of the function."""
    first = lives(at=2)
    uid = first.start(talking.says, {"lines": ["a", "b"]})
    assert first.wait(uid) is None
    first.settle_death()
    second = lives()
    assert second.resume(uid) == "terminated"
    assert [one[2] for one in said(second)] == ["a", "b"]


@pytest.mark.parametrize("at", [0, 5, 6, 7, 8])
def test_a_handler_may_log_and_send_events_and_its_replay_does_not_again(lives, at):
    """Wherever the runner dies."""
    life = lives(at=at)
    uid = life.start(talking.in_handlers)
    if life.wait(uid) is None:
        life.settle_death()
        life = lives()
        assert life.resume(uid, reset_operations=True) == "terminated"
    texts = [one[2] for one in said(life) if one[3] is None]
    assert texts == ["after tests.authoring.talking:at_last", "in the handler"]


def test_a_task_of_a_graph_may_be_told_to_send_no_events(lives):
    """§14.4: the attribute is written before it is executed."""
    life = lives()
    uid, _ = life.run(talking.in_handlers)
    found = EventReader(life.journal, life.engine.find(uid)).more()
    names = [one["context"]["task_name"] for one in found if one.get("event_type") == "task_succeeded"]
    assert names == ["tests.authoring.talking:at_last"] * 2


def test_setup_logger_gives_a_logger_and_leaves_the_root_alone(capsys):
    """§0."""
    logger = setup_logger("tests.set_up", logging.INFO, propagate=False)
    logger.info("shown")
    assert "[INFO] [tests.set_up] shown" in capsys.readouterr().out
    again = setup_logger("tests.set_up", handlers=[Kept()], propagate=False)
    assert again is logger
    assert len(logger.handlers) == 1
    for name in ("", "root"):
        with pytest.raises(ValueError, match="the root logger belongs to the program"):
            setup_logger(name)
