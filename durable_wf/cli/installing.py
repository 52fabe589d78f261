"""`install` and `uninstall`: the two built-in workflows that have verbs of their own."""

from __future__ import annotations

from durable_wf.cli import running
from durable_wf.cli.calls import Call
from durable_wf.cli.deploying import create_deployment
from durable_wf.cli.parameters import (
    AllowHttp,
    Blueprint,
    Deployment,
    DryRun,
    Inputs,
    MaxParallel,
    NewName,
    Parameters,
    Policy,
    RuntimeOnly,
    TaskRetries,
    TaskRetryInterval,
    Timeout,
)


def install(
    call: Call,
    blueprint: Blueprint,
    name: NewName = None,
    inputs: Inputs = None,
    on_unknown: Policy = None,
    runtime_only_evaluation: RuntimeOnly = False,
    allow_http: AllowHttp = False,
    max_parallel: MaxParallel = None,
    timeout: Timeout = None,
    task_retries: TaskRetries = None,
    task_retry_interval: TaskRetryInterval = None,
) -> int:
    """Make a deployment of a blueprint, and install it: deployments create, then run install.

    The deployment stays, whatever becomes of the install; `durable-wf resume` goes on with it.
    """
    made = create_deployment(
        call,
        blueprint,
        name,
        inputs,
        on_unknown=on_unknown,
        runtime_only=runtime_only_evaluation,
        allow_http=allow_http,
        command="install",
        workflow="install",
    )
    call.out.note(f"deployment '{made}'")
    return running.run(
        call,
        "install",
        deployment=made,
        max_parallel=max_parallel,
        timeout=timeout,
        task_retries=task_retries,
        task_retry_interval=task_retry_interval,
    )


def uninstall(
    call: Call,
    deployment: Deployment,
    parameters: Parameters = None,
    max_parallel: MaxParallel = None,
    timeout: Timeout = None,
    task_retries: TaskRetries = None,
    task_retry_interval: TaskRetryInterval = None,
    dry_run: DryRun = False,
) -> int:
    """Uninstall a deployment: run uninstall.

    The deployment stays, with its history; `durable-wf deployments delete` deletes it.
    """
    return running.run(
        call,
        "uninstall",
        deployment=deployment,
        parameters=parameters,
        max_parallel=max_parallel,
        timeout=timeout,
        task_retries=task_retries,
        task_retry_interval=task_retry_interval,
        dry_run=dry_run,
    )
