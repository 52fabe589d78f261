"""`-i` and `-p`: what is said of values that cannot be read."""

import pytest

from durable_wf.cli.values import ValueFileError, read_values


@pytest.mark.parametrize(
    ("text", "quoting"),
    [("@home", True), ("*", True), ("{a: 1, a: 2}", False), ("&r [*r]", False), ("!mine x", False)],
)
def test_quoting_is_advised_where_it_may_help(text, quoting):
    """Not for a key that stands twice, an alias in itself, or a tag."""
    with pytest.raises(ValueFileError) as caught:
        read_values([f"a={text}"], "-i")
    assert (caught.value.hint == "quote it, if it is text") == quoting
