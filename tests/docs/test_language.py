"""The reference of the language: made from the tables, whole, and its examples are right."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml

from durable_wf.dsl.codes import CODES
from durable_wf.dsl.compile import compile_blueprint
from durable_wf.dsl.functions import FUNCTIONS
from durable_wf.dsl.grammar import BLUEPRINT, TYPES
from durable_wf.dsl.shapes import Ignored
from durable_wf.sources.files import FileResolver
from tools import generated
from tools.language.page import page
from tools.language.tables import records

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "language.md").read_text()
EXAMPLES = dict(re.findall(r"^```yaml\n# (\S+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL))
HEADINGS = [
    found.lower().replace(" ", "-")
    for found in re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", TEXT, flags=re.DOTALL), re.MULTILINE)
]


WRITTEN_BY_A_SERVER = {"imported_blueprints", "namespaces_mapping"}


@pytest.mark.parametrize("tool", ["gen_language.py", "gen_blueprint_schema.py"])
def test_what_is_checked_in_is_what_its_tool_would_write(tool):
    subprocess.run([sys.executable, ROOT / "tools" / tool, "--check"], check=True)


def test_a_stale_file_is_noticed_and_written_again(tmp_path, monkeypatch, capsys):
    target = tmp_path / "language.md"
    monkeypatch.setattr(sys, "argv", ["gen_language.py", "--check"])
    assert generated.main("", "gen_language.py", target, page) == 1
    assert "is stale; run tools/gen_language.py" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["gen_language.py"])
    assert generated.main("", "gen_language.py", target, page) == 0
    assert target.read_text() == TEXT
    monkeypatch.setattr(sys, "argv", ["gen_language.py", "--check"])
    assert generated.main("", "gen_language.py", target, page) == 0


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name, text in EXAMPLES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_every_example_is_a_valid_blueprint(name):
    if "tosca_definitions_version" in EXAMPLES[name]:  # else it is imported by one that has it
        compile_blueprint(FileResolver(name))


def test_every_section_has_an_example():
    shown = {key for text in EXAMPLES.values() for key in yaml.safe_load(text)}
    sections = {
        row.name
        for row in BLUEPRINT.fields
        if not isinstance(row.shape, Ignored) and row.name not in WRITTEN_BY_A_SERVER
    }
    assert sections <= shown


def test_every_row_of_the_tables_is_there():
    cells = Counter(re.findall(r"^\| \[?`([^`]+)`", TEXT, re.MULTILINE))
    for name in (*TYPES, *FUNCTIONS, *CODES, *(row.name for row in BLUEPRINT.fields)):
        assert cells[name], name
    for record in records(BLUEPRINT):
        assert record is BLUEPRINT or record.name.replace(" ", "-") in HEADINGS, record.name


def test_every_link_leads_to_one_heading():
    links = set(re.findall(r"\]\(#([^)]+)\)", TEXT))
    assert links <= set(HEADINGS)
    assert [name for name, count in Counter(HEADINGS).items() if count > 1] == []
