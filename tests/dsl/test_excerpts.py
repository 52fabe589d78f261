"""The lines of files, as they were read."""

import pytest

from durable_wf.dsl.compile import compile_blueprint
from durable_wf.dsl.excerpts import Sources
from durable_wf.dsl.problems import BlueprintError
from tests.dsl.kit import Texts, compiled, problems

BREAKS = ["\n", "\r\n", "\r", "\x85", "\u2028", "\u2029"]

VERSION = "tosca_definitions_version: cloudify_dsl_1_5"


@pytest.mark.parametrize("end", BREAKS, ids=ascii)
def test_lines_are_those_that_yaml_counts(end):
    """Whatever ends a line, the line of a problem is the one that the problem is in."""
    text = end.join([VERSION, "", "inputs: 5", "outputs: {}"])
    (found,) = problems(text, head="")
    assert (found.line, found.column) == (3, 9)
    sources = Sources({"main.yaml": text.encode()})
    assert [sources.line("main.yaml", number) for number in (1, 2, 3, 4, 5)] == [*text.split(end), None]


@pytest.mark.parametrize("end", BREAKS, ids=ascii)
def test_what_is_no_text_is_placed_in_the_same_lines(end):
    """Before YAML reads anything: in a wrong encoding, and at a character that YAML does not allow."""
    head = f"a: 1{end}".encode()
    for data in (head + b"bc: \xff", head + b"bc: \x1b[31m"):
        with pytest.raises(BlueprintError) as caught:
            compile_blueprint(Texts(main=data))
        (found,) = caught.value.problems
        assert (found.line, found.column) == (2, 5)


def test_an_error_has_the_lines_of_every_file():
    """As they were read, a mark at the beginning aside."""
    with pytest.raises(BlueprintError) as caught:
        compiled("imports: [lib.yaml]\ninputs: 5", f"\ufeff{VERSION}\n", lib="inputs: 6")
    assert [(one.file, caught.value.sources.line(one.file, one.line)) for one in caught.value.problems] == [
        ("main.yaml", "inputs: 5"),
        ("lib.yaml", "inputs: 6"),
    ]
    assert caught.value.sources.line("main.yaml", 1) == VERSION


def test_there_may_be_no_such_line():
    """A file that is not known, a line that it does not have."""
    sources = Sources({"a": b"one"})
    assert [sources.line("a", number) for number in (0, 1, 2)] == [None, "one", None]
    assert sources.line("b", 1) is None
    assert Sources().line("a", 1) is None


def test_bytes_that_are_no_text_are_replaced():
    """The columns are those of the problem."""
    assert Sources({"a": b"x\xffy\nz"}).line("a", 1) == "x\ufffdy"
