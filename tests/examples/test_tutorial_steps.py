"""The tutorial's five steps: each runs as it says, and is killed half-way and resumed to the same outcome."""

import json
import re
import signal
import subprocess
from collections import Counter
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

import durable_wf
from tests.cli.kit import Inside, Program
from tests.crash.kit import chosen

TUTORIAL = Path(durable_wf.__file__).parent / "examples" / "tutorial"
AT_A_TIME = 2


class Step(NamedTuple):
    """A step.

    folder, workflow, arguments  what is run
    kill_at  how many lines are in the diary when its process is killed
    """

    folder: str
    workflow: str
    arguments: tuple[str, ...]
    kill_at: int


STEPS = [
    Step("basic", "water_all", (), 2),
    Step("parameters", "tend", ("-p", "operation=care.feed", "-p", "operation_kwargs={grams: 7}"), 1),
    Step("events", "prune_all", (), 2),
    Step("ordering", "spring", (), 5),
    Step("relationships", "water_all", (), 5),
]
KILLED = chosen([step.folder for step in STEPS], 1)  # the crash harness has sweeps of them all


class Garden:
    """A step, deployed in a folder of its own."""

    def __init__(self, step, folder, pace):
        folder.mkdir()
        self.step = step
        self.program = Program(folder)
        self._diary = folder / "diary.txt"
        blueprint = TUTORIAL / step.folder / "blueprint.yaml"
        self.program("deployments", "create", blueprint, "-d", "garden", "-i", f"pace={pace}")

    def begin(self):
        """Begin to run the step's workflow, two operations at a time."""
        command = (
            "run",
            self.step.workflow,
            "-d",
            "garden",
            "--max-parallel",
            AT_A_TIME,
            *self.step.arguments,
            "--json",
        )
        return self.program.begin(*command)

    def kill_half_way(self):
        """Begin, and SIGKILL once enough is done."""
        process = self.begin()
        while len(self.diary()) < self.step.kill_at:
            try:
                process.wait(0.01)
            except subprocess.TimeoutExpired:
                continue
            raise AssertionError(f"it ended before it could be killed:\n{process.stderr.read()}")
        process.kill()
        self.program.end(process, -signal.SIGKILL)

    def diary(self):
        """Its lines."""
        return self._diary.read_text().splitlines() if self._diary.exists() else []

    @cached_property
    def names(self):
        """By id, the name that an instance has in every deployment."""
        instances = self.program.json("deployments", "instances", "garden")["items"]
        return {one["id"]: f"{one['node_id']}#{one['index']}" for one in instances}

    def general(self, line):
        """A line of the diary with the names that instances have in every deployment."""
        return re.sub(r"\w+_\w{6}", lambda found: self.names[found[0]], line)

    def outcome(self):
        """What the execution left behind: its result, the instances, what was said."""
        uid = self.program.uid()
        result = self.program.json("show", uid)["result"]
        instances = {
            one["id"]: (one["state"], one["runtime_properties"])
            for one in self.program.json("deployments", "instances", "garden")["items"]
        }
        events = [one for one in self.program.json("journal", uid)["items"] if one["subject"] == "event"]
        said = sorted(f"{one['what']}: {one['message']}" for one in events)
        return renamed([result, instances, said], self.names)


def renamed(value, names):
    """Plain data with other names for ids, and in their order."""
    text = json.dumps(value)
    for this, everywhere in names.items():
        text = text.replace(this, everywhere)
    result, instances, said = json.loads(text)
    return result, instances, sorted(said)


@pytest.fixture
def gardens(tmp_path):
    made = []

    def make(step, name, pace):
        made.append(Garden(step, tmp_path / name, pace))
        return made[-1]

    yield make
    for garden in made:
        garden.program.close()


@pytest.mark.slow
@pytest.mark.parametrize("step", [step for step in STEPS if step.folder in KILLED], ids=lambda step: step.folder)
def test_a_killed_step_is_resumed_to_the_outcome_of_an_undisturbed_one(gardens, step):
    undisturbed, killed = gardens(step, "undisturbed", 0.0), gardens(step, "killed", 0.2)
    undisturbed.program.end(undisturbed.begin(), 0)
    killed.kill_half_way()
    (listed,) = killed.program.json("list")["items"]
    assert listed["state"] == "interrupted"
    before = killed.diary()
    assert step.kill_at <= len(before) < len(undisturbed.diary())
    assert killed.program.json("resume", listed["id"])["state"] == "terminated"
    assert killed.outcome() == undisturbed.outcome()
    assert killed.program.json("verify")["items"] == []
    twice = {line for line, count in Counter(killed.diary()).items() if count > 1}
    assert len(twice) <= AT_A_TIME, "only what ran when it was killed may run again"
    assert twice <= set(before)
    assert sorted(map(killed.general, set(killed.diary()))) == sorted(map(undisturbed.general, undisturbed.diary()))


def test_the_folder_says_what_each_step_is():
    page = (TUTORIAL / "README.md").read_text()
    steps = {path.parent.name for path in TUTORIAL.glob("*/blueprint.yaml")}
    assert steps == {step.folder for step in STEPS}
    assert re.findall(r"^\| \d \| \[(\w+)\]\(\1/blueprint.yaml\) \|", page, re.MULTILINE) == [
        one.folder for one in STEPS
    ]


def test_the_page_shows_the_files_as_they_are():
    page = (Path(__file__).parents[2] / "docs" / "tutorial.md").read_text()
    shown = re.findall(r"^```(?:python|yaml)\n# garden/(\S+)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert len(shown) == page.count("```python") + page.count("```yaml") > len(STEPS)
    for name, text in shown:
        assert text == (TUTORIAL / name).read_text(), f"{name} is another file now; copy it into docs/tutorial.md"


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.folder)
def test_every_blueprint_is_valid_and_declares_its_workflow(step, tmp_path):
    program = Inside(tmp_path)
    program("validate", TUTORIAL / step.folder / "blueprint.yaml")
    assert step.workflow in yaml.safe_load((TUTORIAL / step.folder / "blueprint.yaml").read_text())["workflows"]


def test_a_step_refuses_what_its_parameters_do_not_allow(gardens):
    garden = gardens(STEPS[1], "garden", 0.0)
    said = garden.program("run", "tend", "-d", "garden", code=3).stderr
    assert "operation" in said
    assert garden.program.json("list")["items"] == []


def test_a_rose_is_chosen_by_its_type_and_a_plant_by_the_type_above(gardens):
    garden = gardens(STEPS[1], "garden", 0.0)
    garden.program("run", "tend", "-d", "garden", "-p", "operation=care.water", "-p", "type_name=garden.Rose")
    assert {line.split("_")[0] for line in garden.diary()} == {"care.water rose"}
    garden.program("run", "tend", "-d", "garden", "-p", "operation=care.feed")
    assert Counter(line.split("_")[0] for line in garden.diary()[3:]) == {"care.feed rose": 3, "care.feed fern": 2}


def test_in_the_graph_every_bed_is_dug_before_anything_is_planted_and_planted_before_it_is_watered(gardens):
    garden = gardens(STEPS[3], "garden", 0.0)
    garden.program.end(garden.begin(), 0)
    done = [line.split()[0].removeprefix("care.") for line in garden.diary()]
    assert done[:2] == ["dig", "dig"]
    for rose in {line.split()[1] for line in garden.diary()[2:]}:
        own = [line.split()[0].removeprefix("care.") for line in garden.diary() if line.endswith(rose)]
        assert own[0] == "plant"
        assert sorted(own[1:]) == ["mulch", "water"]


def test_a_plant_without_its_hose_is_not_watered(gardens):
    """The relationship's operations are what gives it pressure, and they take it away again."""
    garden = gardens(STEPS[4], "garden", 0.0)
    garden.program.end(garden.begin(), 0)
    _, instances, _ = garden.outcome()
    assert instances["tap#1"][1] == {f"rose#{index}": "closed" for index in (1, 2, 3)}
    assert all(properties == {"watered": True} for name, (_, properties) in instances.items() if name != "tap#1")
    for rose in [name for name in instances if name != "tap#1"]:
        own = [line.split()[0] for line in map(garden.general, garden.diary()) if rose in line]
        assert own == ["hose.attach", "hose.attach", "care.water", "hose.detach", "hose.detach"]
