"""Standard mode: results fetched out of order, a caught failure, local tasks, events, retries."""

from __future__ import annotations

from typing import Any

from durable_wf import operation, workflow
from tools.crash.scenarios import ran
from tools.crash.scenarios.graph import once, step, stumble


@operation(resumable=True)
def breaks(ctx: Any, folder: str, label: str) -> None:
    """Fails whenever it runs."""
    with ran.recorded(ctx, folder, label):
        raise LookupError(label, 7)


@workflow(resumable=True)
def main(ctx: Any, folder: str) -> list[str]:
    """19 tasks for workers; what it returns is in the order of its own asking."""

    def start(function: Any, label: str, **options: Any) -> Any:
        return ctx.execute_task(function, kwargs={"folder": folder, "label": label}, retry_interval=0, **options)

    def local(label: str, folder: str) -> str:
        with ran.recorded(None, folder, label):
            return f"did {label} here"

    def call(function: Any, label: str) -> Any:
        return ctx.local_task(function, kwargs={"folder": folder, "label": label})

    found: list[str] = []
    results = [start(step, f"a{number}") for number in range(5)]
    ctx.send_event("asked").get()
    found += [results[number].get() for number in (3, 0, 4, 2, 1)]

    bad, good, late = start(breaks, "bad", total_retries=1), start(once, "good"), start(stumble, "late")
    try:
        bad.get()
    except LookupError as error:
        found.append(f"caught {error.args}")
        found.append(start(step, "mended").get())
        found.append(call(local, "local").get())  # not declared resumable
    found += [late.get(), good.get()]
    ctx.logger.info("half-way")

    @operation(resumable=True)
    def safe(label: str, folder: str) -> str:
        return local(label, folder)

    found.append(call(safe, "safe").get())
    for number in range(3):
        found.append(start(step, f"chain{number}").get())
        ctx.send_event(f"link {number}").get()
    pair = [start(once, "last1"), start(step, "last2")]
    found += [result.get() for result in reversed(pair)]
    start(step, "never fetched")
    return found
