"""Every example that a `--help` begins with is run, as it stands there, as one story."""

import shlex

from durable_wf.cli.examples import EXAMPLES

MODULE = """\
from durable_wf import RecoverableError, operation, workflow

@workflow
def my_workflow(ctx, count, names):
    assert (count, names) == (3, ["a", "b"])

@operation
def not_yet():
    raise RecoverableError("not yet")

@workflow
def waiting(ctx):
    ctx.execute_task(not_yet).get()

@workflow
def failing(ctx):
    raise ValueError("no")
"""

# In an order in which they make sense. {id} is where an example has its `4be1`.
STORY = (
    "plugins install", "plugins list", "plugins", "plugins show", "validate", "plan", "schema",
    "deployments create", "deployments list", "deployments", "deployments show", "deployments instances",
    "deployments topology",
    "deployments outputs", "deployments capabilities", "deployments workflows", "run", "list", "show", "journal",
    "logs", "verify", "doctor", "config show", "config", "secrets set", "secrets list", "secrets", "secrets delete",
    "explain", "cancel", "resume", "", "deployments delete",
)  # fmt: skip


def test_every_example_runs(inside, blueprint, tmp_path, monkeypatch):
    (tmp_path / "my_module.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    tools = tmp_path / "plugins" / "shop-tools"
    tools.mkdir(parents=True)
    (tools / "plugin.yaml").write_text("plugins:\n  t: {package_name: shop-tools, package_version: '1.0'}\n")
    run = set()
    for path in STORY:
        for example in EXAMPLES[path]:
            if example == "durable-wf demo":  # test_demo runs it
                continue
            if path == "resume" and "--dry-run" in example:
                inside("run", "my_module:failing", code=1)
            if path == "cancel":
                inside("run", "my_module:waiting", "--timeout", "0", code=124)
            words = shlex.split(example)[1:]
            if "4be1" in words:
                words[words.index("4be1")] = inside.uid()[:6]
            stdin = "hush-hush" if path == "secrets set" else None
            inside(*words, code=6 if path == "resume" else 0, stdin=stdin)
        run.add(path)
    assert run | {"demo"} == set(EXAMPLES)
