"""Writes docs/blueprints.md and docs/pictures/, from the blueprints of durable_wf/examples/blueprints.

tools/gen_gallery.py           write them
tools/gen_gallery.py --check   fail if they are not what would be written

What a section says is the comment at the head of its blueprint: the first line is its title; lines that are indented
are commands, with what they print. The docs' tests run them, in the order of the page.
"""

from __future__ import annotations

import argparse
import sys
from itertools import count
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from durable_wf.cli.values import read_values
from durable_wf.dsl.compile import compile_blueprint
from durable_wf.dsl.deployment import plan_deployment
from durable_wf.inspection.topology.drawing import drawing_of
from durable_wf.inspection.topology.svg import svg
from durable_wf.model.plan import DeploymentPlan
from durable_wf.sources.files import FileResolver

ROOT = Path(__file__).resolve().parent.parent
GALLERY = ROOT / "durable_wf" / "examples" / "blueprints"
DOCS = ROOT / "docs"
PAGE = "blueprints.md"
PICTURES = "pictures"

ORDER = (
    "notice_board",
    "book_shop",
    "disk_rack",
    "weather_stations",
    "harbour",
    "ferry_line",
    "branch_offices",
    "two_bakeries",
    "parcel_sorting",
    "night_backup",
    "greenhouse",
    "first_boot",
    "orchestra",
    "launch_rehearsal",
    "pumping_station",
)
"""The folders as the page shows them: from the plain ones to those of one matter each."""

_INDENT = "    "

INTRODUCTION = """\
# Blueprints to begin from

{number} blueprints of the kinds that people write, each in a folder of its own. They are in the package; take a copy,
and every command of this page runs in it:

```console
$ cp -r "$(python -c 'import durable_wf; print(durable_wf.__path__[0])')"/examples/blueprints/* .
$ ls -d */
…notice_board/…
```

`durable-wf plan NAME/blueprint.yaml -o NAME.svg` draws the pictures. Each box is a node, and stands above all that it
needs. A thick arrow says what a node is contained in, a thin one what it is connected to, a dashed one what else it
depends on. A frame is a group that is scaled as one.

Scripts are for a later version of durable-wf to run: blueprints with them validate and are planned today, with a
warning. How a blueprint is written is told in [authoring blueprints](authoring-blueprints.md).

This page is made by `tools/gen_gallery.py` from the files of the blueprints.
"""


class Example(NamedTuple):
    """A blueprint of the gallery.

    text      what it shows, as Markdown
    commands  how it is run, with what is printed; empty for those that are only planned
    """

    name: str
    title: str
    text: str
    commands: str

    @property
    def folder(self) -> Path:
        return GALLERY / self.name

    @property
    def inputs(self) -> Path | None:
        """The file with what it must be given."""
        path = self.folder / "inputs.yaml"
        return path if path.exists() else None


def read(name: str) -> Example:
    """The example in a folder of the gallery."""
    head = (GALLERY / name / "blueprint.yaml").read_text(encoding="utf-8").partition("\n\n")[0].splitlines()
    title, *lines = [line.removeprefix("#").removeprefix(" ") for line in head]
    text = "\n".join(line for line in lines if not line.startswith(_INDENT))
    commands = "\n".join(line.removeprefix(_INDENT) for line in lines if line.startswith(_INDENT))
    return Example(name, title, text.strip(), commands)


def planned(example: Example) -> DeploymentPlan:
    """Its plan, with numbered ids."""
    numbers = count(1)
    inputs = read_values([str(example.inputs)], "-i") if example.inputs else {}
    blueprint = compile_blueprint(FileResolver(example.folder / "blueprint.yaml"))
    return plan_deployment(blueprint, inputs, lambda: f"{next(numbers):06}")


def section(example: Example, plan: DeploymentPlan) -> str:
    """Its part of the page."""
    name = example.name
    given = f" -i {name}/inputs.yaml" if example.inputs else ""
    links = sum(len(one.relationships) for one in plan.instances)
    commands = example.commands or (
        f"$ durable-wf plan {name}/blueprint.yaml{given}\n…\n"
        f"{_counted(len(plan.instances), 'node instance')}, {_counted(links, 'relationship')} between them; …"
    )
    return f"""\
## {example.title}

{example.text}

![{example.title}: the topology of {name}]({PICTURES}/{name}.svg)

```console
{commands}
```

{_links(example)}
"""


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _links(example: Example) -> str:
    """The files, the blueprint first."""
    main = example.folder / "blueprint.yaml"
    others = sorted(path for path in example.folder.rglob("*") if path.is_file() and path != main)
    shown = [path for path in (main, *others) if path.stat().st_size > 0 and "__pycache__" not in path.parts]
    links = [f"[{path.relative_to(example.folder)}](../{path.relative_to(ROOT)})" for path in shown]
    return "Files: " + ",\n".join(links) + "."


def generated() -> dict[Path, str]:
    """What each file should contain."""
    examples = [read(name) for name in ORDER]
    plans = [planned(one) for one in examples]
    sections = [section(one, plan) for one, plan in zip(examples, plans, strict=True)]
    files = {DOCS / PAGE: "\n".join([INTRODUCTION.format(number=len(ORDER)), *sections])}
    for one, plan in zip(examples, plans, strict=True):
        files[DOCS / PICTURES / f"{one.name}.svg"] = svg(drawing_of(plan))
    return files


def stale(files: dict[Path, str]) -> list[Path]:
    """Files that are not what they should be, and pictures that nothing is left of."""
    wrong = [path for path, text in files.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    return wrong + [path for path in sorted((DOCS / PICTURES).glob("*.svg")) if path not in files]


def main() -> int:
    """Write the files, or with --check compare them; 1 if any is stale."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is stale")
    check = parser.parse_args().check
    files = generated()
    wrong = stale(files)
    for path in wrong:
        if check:
            print(f"{path.relative_to(ROOT)} is stale; run tools/gen_gallery.py")
        elif path in files:
            path.parent.mkdir(exist_ok=True)
            path.write_text(files[path], encoding="utf-8")
            print(f"wrote {path.relative_to(ROOT)}")
        else:
            path.unlink()
            print(f"removed {path.relative_to(ROOT)}")
    return 1 if check and wrong else 0


if __name__ == "__main__":
    sys.exit(main())
