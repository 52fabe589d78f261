"""The options and arguments that verbs take, each once, with its help."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from durable_wf.cli.completion import deployment_names, execution_ids, modification_ids, workflow_names


class OnUnknown(StrEnum):
    """What is done where nobody knows how an operation ended."""

    RERUN = "rerun"
    ASK = "ask"
    FAIL = "fail"


class PlanFormats(StrEnum):
    """How a plan is written."""

    JSON = "json"
    SVG = "svg"
    DOT = "dot"
    MERMAID = "mermaid"


Blueprint = Annotated[Path, typer.Argument(metavar="BLUEPRINT", help="The blueprint's main file.")]
Deployment = Annotated[
    str, typer.Argument(metavar="DEPLOYMENT", help="The deployment's name.", autocompletion=deployment_names)
]
Execution = Annotated[
    str,
    typer.Argument(metavar="ID", help="The execution's id, or the beginning of it.", autocompletion=execution_ids),
]
Modification = Annotated[
    str,
    typer.Argument(
        metavar="ID", help="The modification's id, or the beginning of it.", autocompletion=modification_ids
    ),
]
Executions = Annotated[
    list[str] | None,
    typer.Argument(metavar="[ID]...", help="Executions; none means the whole journal.", autocompletion=execution_ids),
]
Workflow = Annotated[
    str,
    typer.Argument(
        metavar="WORKFLOW|MODULE:FUNCTION",
        help="A workflow of the deployment, or a Python function.",
        autocompletion=workflow_names,
    ),
]

NewName = Annotated[str | None, typer.Option("-d", metavar="NAME", help="The deployment's name.")]
OfDeployment = Annotated[
    str | None,
    typer.Option("-d", metavar="DEPLOYMENT", help="Of this deployment.", autocompletion=deployment_names),
]
AllowHttp = Annotated[bool, typer.Option("--allow-http-imports", help="Fetch imports from http(s) addresses.")]
Inputs = Annotated[list[str] | None, typer.Option("-i", metavar="K=V|FILE", help="An input, or a file of inputs.")]
Parameters = Annotated[
    list[str] | None, typer.Option("-p", metavar="K=V|FILE", help="A parameter, or a file of parameters.")
]
AllowCustom = Annotated[
    bool, typer.Option("--allow-custom-parameters", help="Pass parameters on that the workflow does not declare.")
]
Policy = Annotated[
    OnUnknown | None,
    typer.Option(
        "--on-unknown",
        metavar="P",
        help="rerun, ask or fail: what is done with operations whose runner died, where they do not say it.",
    ),
]
RuntimeOnly = Annotated[
    bool, typer.Option("--runtime-only-evaluation", help="Evaluate functions at run time only, not when it is created.")
]
MaxParallel = Annotated[
    int | None,
    typer.Option("--max-parallel", metavar="N", min=1, help="Operations of this execution at once, at most."),
]
Timeout = Annotated[
    str | None, typer.Option("--timeout", metavar="T", help="Lie down after 30s, 5m, 2h …; exit code 124.")
]
TaskRetries = Annotated[
    int | None,
    typer.Option("--task-retries", metavar="N", min=-1, help="Of tasks that do not say it; -1 (default): no end."),
]
TaskRetryInterval = Annotated[
    float | None,
    typer.Option("--task-retry-interval", metavar="S", min=0, help="Seconds between them; 30 by default."),
]

DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what it would do, and change nothing.")]
ResetOperations = Annotated[
    bool,
    typer.Option("--reset-operations", help="You have looked: operations of unknown outcome may all run again."),
]
FromTask = Annotated[
    str | None, typer.Option("--from", metavar="TASK", help="Begin again from this task: its number or path.")
]
TakeOver = Annotated[
    bool, typer.Option("--take-over", help="Kill a runner that lives and hangs, with all that it runs; then go on.")
]
AcceptChanges = Annotated[
    bool, typer.Option("--accept-changes", help="Go on although operations were rolled back or instances changed.")
]
AcceptLoss = Annotated[
    bool, typer.Option("--accept-loss", help="Go on although the journal is older than its head file says.")
]

Force = Annotated[bool, typer.Option("--force", help="Do not wait for the workflow function, nor for what runs.")]
Kill = Annotated[bool, typer.Option("--kill", help="And kill what runs.")]
Reason = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why; kept in the journal.")]

State = Annotated[str | None, typer.Option("--state", metavar="S", help="In this state.")]
Follow = Annotated[bool, typer.Option("-f", "--follow", help="Go on until it ends, or nobody runs it.")]
ShowOrigin = Annotated[bool, typer.Option("--origin", help="Show where each setting comes from.")]
Migrate = Annotated[bool, typer.Option("--migrate", help="Bring an older journal to the newest version; runs nothing.")]
Keep = Annotated[bool, typer.Option("--keep", help="Leave the servers running, and say how to clean up.")]
Clean = Annotated[bool, typer.Option("--clean", help="End and remove what earlier demos have left.")]
At = Annotated[
    str | None,
    typer.Option(
        "--at", metavar="POINT", help="As it was at a seq, or at a time: 2026-11-25, '2026-11-25 14:03' (UTC)."
    ),
]
OutputFile = Annotated[Path | None, typer.Option("-o", metavar="FILE", help="Write it there; - is standard output.")]
PlanFormat = Annotated[
    PlanFormats | None,
    typer.Option(
        "--format", metavar="F", help="json, svg, dot or mermaid; else by the file's suffix: .json, .svg, .dot, .mmd."
    ),
]
