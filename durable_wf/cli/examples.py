"""The examples that each `--help` begins with, by verb. A test runs every one of them.

They tell one story: a shop that is deployed, run, looked at and resumed. `4be1` is the beginning of an execution's id,
`shop_7f3k9a` is a modification of the shop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "": ("durable-wf demo", "durable-wf run start_all -d shop", "durable-wf list --json"),
    "validate": ("durable-wf validate blueprint.yaml",),
    "plan": (
        "durable-wf plan blueprint.yaml -i scratch=/tmp/shop",
        "durable-wf plan blueprint.yaml -i scratch=/tmp/shop -o topology.svg",
    ),
    "schema": ("durable-wf schema blueprint",),
    "install": ("durable-wf install blueprint.yaml -d shop2 -i scratch=/tmp/shop2",),
    "uninstall": ("durable-wf uninstall shop2 -p ignore_failure=true",),
    "deployments": ("durable-wf deployments list",),
    "deployments create": ("durable-wf deployments create blueprint.yaml -d shop -i scratch=/tmp/shop",),
    "deployments list": ("durable-wf deployments list",),
    "deployments show": (
        "durable-wf deployments show shop",
        "durable-wf deployments show shop --at 1",
    ),
    "deployments instances": ("durable-wf deployments instances shop --json",),
    "deployments outputs": ("durable-wf deployments outputs shop",),
    "deployments capabilities": ("durable-wf deployments capabilities shop",),
    "deployments workflows": ("durable-wf deployments workflows shop",),
    "deployments topology": (
        "durable-wf deployments topology shop",
        "durable-wf deployments topology shop -o topology.svg",
    ),
    "deployments delete": ("durable-wf deployments delete shop",),
    "modifications": ("durable-wf modifications list",),
    "modifications list": ("durable-wf modifications list -d shop",),
    "modifications show": ("durable-wf modifications show shop_7f3k9a",),
    "modifications finish": ("durable-wf modifications finish shop_7f3k9a",),
    "modifications rollback": ("durable-wf modifications rollback shop_7f3k9a",),
    "plugins": ("durable-wf plugins list",),
    "plugins install": ("durable-wf plugins install plugins/shop-tools",),
    "plugins list": ("durable-wf plugins list",),
    "plugins show": ("durable-wf plugins show shop-tools",),
    "run": (
        "durable-wf run start_all -d shop",
        "durable-wf run start_all -d shop --dry-run",
        "durable-wf run my_module:my_workflow -p count=3 -p names='[a, b]'",
    ),
    "list": ("durable-wf list --state failed -d shop",),
    "show": ("durable-wf show 4be1",),
    "resume": ("durable-wf resume 4be1 --dry-run", "durable-wf resume 4be1"),
    "cancel": ("durable-wf cancel 4be1 --reason 'wrong version'",),
    "journal": ("durable-wf journal 4be1",),
    "logs": ("durable-wf logs 4be1", "durable-wf logs 4be1 -v --json"),
    "verify": ("durable-wf verify", "durable-wf verify 4be1"),
    "doctor": ("durable-wf doctor", "durable-wf doctor --migrate"),
    "demo": ("durable-wf demo",),
    "secrets": ("durable-wf secrets list",),
    "secrets set": ("durable-wf secrets set password",),
    "secrets list": ("durable-wf secrets list",),
    "secrets delete": ("durable-wf secrets delete password",),
    "config": ("durable-wf config show --origin",),
    "config show": ("durable-wf config show --origin",),
    "explain": ("durable-wf explain asks", "durable-wf explain 6"),
}


def examples_of(path: Sequence[str]) -> tuple[str, ...]:
    """The examples of a verb, such as ("deployments", "create")."""
    return EXAMPLES[" ".join(path)]
