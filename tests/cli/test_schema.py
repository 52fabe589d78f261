"""The schema of `--json`: made from the records, current, and strict."""

import importlib.util
import subprocess
import sys

import pytest

from durable_wf.cli.output_schema import Schemas
from durable_wf.cli.shapes import OUTPUTS
from tests.cli.kit import ROOT, SCHEMA, misfits

TOOL = ROOT / "tools" / "gen_output_schema.py"


def load_tool():
    spec = importlib.util.spec_from_file_location("gen_output_schema", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_schema_is_what_its_tool_would_write():
    subprocess.run([sys.executable, TOOL, "--check"], check=True)


def test_a_stale_schema_is_noticed_and_written_again(tmp_path, monkeypatch, capsys):
    tool = load_tool()
    target = tmp_path / "schema" / "output.schema.json"
    monkeypatch.setattr(tool, "TARGET", target)
    monkeypatch.setattr(sys, "argv", ["gen_output_schema.py", "--check"])
    assert tool.main() == 1
    assert "is stale" in capsys.readouterr().out
    assert not target.exists()
    monkeypatch.setattr(sys, "argv", ["gen_output_schema.py"])
    assert tool.main() == 0
    assert target.read_text() == tool.generated()
    assert tool.main() == 0


def test_every_command_has_its_document():
    documents = {name for name in SCHEMA["$defs"] if name.startswith("command.")}
    assert len(documents) == len(OUTPUTS)
    assert {one["$ref"].rpartition("/")[2] for one in SCHEMA["anyOf"]} == documents


def test_a_type_without_a_word_in_json_is_refused():
    with pytest.raises(TypeError, match="no schema for"):
        Schemas().of(set[int])


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({"items": []}, "schema_version is missing"),
        ({"schema_version": 2, "items": []}, "schema_version: 2"),
        ({"schema_version": 1, "items": [{}]}, "id is missing"),
        ({"schema_version": 1, "items": {}}, "is no array"),
        ({"schema_version": 1, "items": [], "more": 1}, "more is not declared"),
    ],
)
def test_the_check_of_documents_can_fail(document, problem):
    assert problem in str(misfits(document, SCHEMA["$defs"]["command.list"], "list"))
