"""Every command and code block of README.md and docs/ is run, and what it is said to print is printed.

A fenced block is one of: `python` or `yaml`, whose first line names the file it is (`# orders.py`); `console`, with
commands behind `$ ` and the lines they print (`…` stands for anything; `# exit N` behind a command says how it
ends); `text`, which is run by nobody and may show a layout only; `mermaid`. A document's blocks share one folder.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from durable_wf.journal import driver

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
_FENCE = re.compile(r"^```(\S*)[^\n]*\n(.*?)^```\s*$", re.MULTILINE | re.DOTALL)
_EXIT = re.compile(r"\s+#.*\bexit (\d+)\s*$")
_KNOWN = {"python", "yaml", "toml", "console", "text", "mermaid"}


class Block(NamedTuple):
    """A fenced block: its language, its text, and the line it starts at."""

    language: str
    text: str
    line: int


class Command(NamedTuple):
    """A command of a console block."""

    text: str
    exit_code: int
    expected: list[str]


def blocks(path: Path) -> list[Block]:
    """The fenced blocks of a document, in order."""
    text = path.read_text()
    return [Block(m[1], m[2], text.count("\n", 0, m.start()) + 1) for m in _FENCE.finditer(text)]


def commands(block: Block) -> list[Command]:
    """The commands of a console block, each with the lines that follow it."""
    found: list[Command] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            code = _EXIT.search(line)
            text = _EXIT.sub("", line[2:]) if code else line[2:]
            found.append(Command(text, int(code[1]) if code else 0, []))
        elif line.strip():
            found[-1].expected.append(line.rstrip())
    return found


def environment(folder: Path) -> dict[str, str]:
    """A newcomer's: an empty home, the installed command, and nothing else of ours."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("DURABLE_WF", "PYTHON"))}
    home = folder / "home"
    home.mkdir(exist_ok=True)
    tools = f"{Path(sys.executable).parent}:{ROOT / 'tools'}"
    return {
        **kept,
        driver.VARIABLE: os.environ[driver.VARIABLE],
        "HOME": str(home),
        "XDG_DATA_HOME": str(home / "data"),
        "PATH": f"{tools}:{kept['PATH']}",
        "NO_COLOR": "1",
        "COLUMNS": "200",
    }


def check_output(expected: list[str], output: str, where: str) -> None:
    """Each expected line is found, in order."""
    lines = iter(output.splitlines())
    for wanted in expected:
        pattern = ".*".join(re.escape(part) for part in wanted.strip().split("…"))
        assert any(re.fullmatch(pattern, line.strip()) for line in lines), f"{where}: no line {wanted!r} in\n{output}"


def run_console(block: Block, folder: Path, name: str) -> None:
    """Run a console block's commands, one after the other."""
    for command in commands(block):
        done = subprocess.run(  # noqa: S602 - the documents' own commands
            command.text,
            shell=True,
            executable="/bin/bash",
            cwd=folder,
            env=environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        where = f"{name}:{block.line}: $ {command.text}"
        code = done.returncode if done.returncode >= 0 else 128 - done.returncode  # as a shell counts signals
        assert code == command.exit_code, f"{where} ended with {code}:\n{done.stdout}"
        check_output(command.expected, done.stdout, where)


@pytest.mark.slow
@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_block_is_true(document: Path, tmp_path: Path) -> None:
    """What a document shows is what happens."""
    for block in blocks(document):
        assert block.language in _KNOWN, f"{document.name}:{block.line}: a block of kind '{block.language}'"
        if block.language in ("python", "yaml", "toml"):
            head = re.match(r"# (\S+)\n", block.text)
            assert head, f"{document.name}:{block.line}: the first line must name the file"
            (tmp_path / head[1]).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / head[1]).write_text(block.text)
        elif block.language == "console":
            run_console(block, tmp_path, document.name)


def test_a_false_claim_is_noticed(tmp_path: Path) -> None:
    """The check can fail: on output that does not come, and on another exit code."""
    with pytest.raises(AssertionError, match="no line"):
        run_console(Block("console", "$ echo one\ntwo\n", 1), tmp_path, "x")
    with pytest.raises(AssertionError, match="ended with"):
        run_console(Block("console", "$ false\n", 1), tmp_path, "x")
