"""What a workflow function logs is written once, wherever its runner dies."""

import json

import pytest

from tests.crash import lines

pytestmark = pytest.mark.crash


def test_a_line_that_a_crash_has_taken_is_said_by_the_resume_and_no_other_is_said_twice(commands, tmp_path):
    said = json.loads(commands.python("-m", lines.__name__, tmp_path).ended(0))
    assert said[0] is None, "nothing was there to be resumed"
    assert len(said) > 5
    for messages in said[1:]:
        assert sorted(messages) == ["after 0", "after 0", "after 1", "before"]
