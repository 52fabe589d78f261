"""Every example that a `--help` begins with is run, as it stands there, as one story."""

import shlex

import pytest

from durable_wf.cli.examples import EXAMPLES
from tests.cli.kit import environment

MODULE = """\
from durable_wf import workflow

@workflow
def my_workflow(ctx, count, names):
    assert (count, names) == (3, ["a", "b"])

@workflow
def failing(ctx):
    raise ValueError("no")
"""

# In an order in which they make sense. {id} is where an example has its `4be1`.
STORY = (
    "validate", "deployments create", "deployments list", "deployments", "deployments show", "deployments instances",
    "deployments outputs", "deployments workflows", "run", "list", "show", "journal", "verify", "config show", "config",
    "explain", "resume", "", "deployments delete",
)  # fmt: skip


@pytest.mark.slow
def test_every_example_runs(program, blueprint, tmp_path):
    (tmp_path / "my_module.py").write_text(MODULE)
    program.environ = environment(tmp_path, DURABLE_WF_JOURNAL=str(program.journal))
    run = set()
    for path in STORY:
        for example in EXAMPLES[path]:
            if example == "durable-wf demo":  # test_demo runs it
                continue
            if path == "resume" and "--dry-run" in example:
                program("run", "my_module:failing", code=1)
            words = shlex.split(example)[1:]
            if "4be1" in words:
                words[words.index("4be1")] = program.uid()[:6]
            program(*words, code=6 if path == "resume" else 0)
        run.add(path)
    assert run | {"demo"} == set(EXAMPLES)
