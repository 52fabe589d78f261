"""Every example that a `--help` begins with is run, as it stands there, as one story."""

import shlex
import sys

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

LEFT = """\

@workflow
def left_scaling(ctx, **_):
    ctx.deployment.start_modification({"page": {"instances": 3}})
    raise ValueError("the modification stays started")
"""

# In an order in which they make sense. {id} is where an example has its `4be1`.
STORY = (
    "plugins install", "plugins list", "plugins", "plugins show", "validate", "plan", "schema",
    "deployments create", "deployments list", "deployments", "deployments show", "deployments instances",
    "deployments topology",
    "deployments outputs", "deployments capabilities", "deployments workflows", "run", "list", "show", "journal",
    "logs", "verify", "doctor", "config show", "config", "secrets set", "secrets list", "secrets", "secrets delete",
    "explain", "cancel", "resume", "", "modifications list", "modifications", "modifications show",
    "modifications finish", "modifications rollback", "deployments delete", "install", "uninstall",
)  # fmt: skip


def left_started(inside):
    """The id of a modification that its workflow has left: a new one where there is none."""
    started = [one["id"] for one in inside.json("modifications", "list")["items"] if one["status"] == "started"]
    if not started:
        inside("run", "left_scaling", "-d", "shop", code=1)
        started = [one["id"] for one in inside.json("modifications", "list", "-d", "shop")["items"]]
    return started[0]


def test_every_example_runs(inside, blueprint, tmp_path, monkeypatch):
    (tmp_path / "my_module.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "small_plugin", raising=False)  # that of another test in this process
    plugin, left = tmp_path / "small_plugin.py", "workflows:\n  left_scaling: small.small_plugin.left_scaling\n"
    plugin.write_text(plugin.read_text() + LEFT)
    blueprint.write_text(blueprint.read_text().replace("workflows:\n", left))
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
            if "shop_7f3k9a" in words:
                words[words.index("shop_7f3k9a")] = left_started(inside)
            stdin = "hush-hush" if path == "secrets set" else None
            inside(*words, code=6 if path == "resume" else 0, stdin=stdin)
        run.add(path)
    assert run | {"demo"} == set(EXAMPLES)
