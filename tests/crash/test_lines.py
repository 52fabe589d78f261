"""What a workflow function logs is written once, wherever its runner dies."""

import json

import pytest

from tests.crash import held, lines
from tests.crash.kit import until

pytestmark = pytest.mark.crash


def test_a_line_that_a_crash_has_taken_is_said_by_the_resume_and_no_other_is_said_twice(commands, tmp_path):
    said = json.loads(commands.python("-m", lines.__name__, tmp_path).ended(0))
    assert said[0] is None, "nothing was there to be resumed"
    assert len(said) > 5
    for messages in said[1:]:
        assert sorted(messages) == ["after 0", "after 0", "after 1", "before"]


def texts(commands):
    with commands.reading() as reader:
        return [(one.attempt, one.message) for one in reader.events(1)]


def test_a_kill_takes_at_most_what_an_operation_said_in_the_last_second(commands, gate):
    """What was flushed is there, in order and once; of the rest a beginning may be; the next attempt says it again."""
    runner = commands.run(f"{held.__name__}:talks_and_holds", address=gate.address, before=2000, after=2000)
    gate.next().go()
    before = [(1, f"before {number}") for number in range(2000)]
    until(lambda: texts(commands)[: len(before)] == before)
    second = gate.next()
    runner.kill()
    second.gone()
    found = texts(commands)
    assert found[: len(before)] == before
    assert found[len(before) :] == [(1, f"after {number}") for number in range(len(found) - len(before))]
    resumed = commands.resume()
    for _ in range(2):
        gate.next().go()
    resumed.ended(0)
    again = [(2, f"before {number}") for number in range(2000)] + [(2, f"after {number}") for number in range(2000)]
    assert texts(commands) == [*found, *again]
