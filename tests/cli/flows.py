"""Workflows that the tests run by `MODULE:FUNCTION`."""

import logging
import os
import subprocess
import sys

from durable_wf import NonRecoverableError, RecoverableError, operation, workflow
from durable_wf.workflows import api
from tests.crash.held import wait_for_the_test


@operation(resumable=True)
def add(a, b):
    return a + b


@operation
def boom(text="no", flag=None):
    if flag is not None and os.path.exists(flag):  # noqa: PTH110 - as a user's code would
        return "mended"
    raise NonRecoverableError(text) from KeyError("cause")


@operation(resumable=True)
def wait(address, label="wait"):
    wait_for_the_test(address, label)
    return label


@operation
def wait_once(address, label="once"):
    wait_for_the_test(address, label)
    return label


@operation(resumable=True)
def noisy():
    print("printed by an operation")  # noqa: T201 - as a user's code would
    subprocess.run([sys.executable, "-c", "print('printed by a child')"], check=True)


@operation(resumable=True)
def retried(flag):
    if not os.path.exists(flag):  # noqa: PTH110 - as a user's code would
        open(flag, "w").close()  # noqa: PTH123 - as above
        raise RecoverableError("not yet")


@operation
def start_a_child(address):
    """A child that goes on without us, and holds the gate open."""
    script = "import sys; from tests.crash.held import wait_for_the_test; wait_for_the_test(sys.argv[1], 'child')"
    nowhere = subprocess.DEVNULL
    subprocess.run([sys.executable, "-c", script, address], check=True, stdout=nowhere, stderr=nowhere)


@workflow
def leaves_a_child(ctx, address):
    ctx.execute_task(start_a_child, kwargs={"address": address}).get()


@workflow
def total(ctx, numbers=(1, 2)):
    ctx.logger.info("adding")
    results = [ctx.execute_task(add, kwargs={"a": number, "b": 1}) for number in numbers]
    return sum(one.get() for one in results)


@workflow
def one_after_the_other(ctx):
    ctx.logger.info("adding")
    return [ctx.execute_task(add, kwargs={"a": number, "b": 1}).get() for number in (1, 2)]


@workflow
def talkative(ctx):
    ctx.logger.debug("in detail")
    ctx.logger.info("in short")


@operation(resumable=True)
def speak_and_wait(address):
    logging.getLogger("a.library").info("about to wait")
    wait_for_the_test(address, "heard")


@workflow
def held_and_heard(ctx, address):
    ctx.execute_task(speak_and_wait, kwargs={"address": address}).get()


@operation
def fail_deeply():
    try:
        raise KeyError("the first")
    except KeyError as error:
        raise NonRecoverableError("the last") from error


@workflow
def fails_deeply(ctx):
    ctx.execute_task(fail_deeply).get()


@workflow
def nothing(ctx):
    return None


@workflow
def fails(ctx, flag=None, text="no"):
    graph = ctx.graph_mode()
    graph.add_task(ctx.execute_task(boom, kwargs={"text": text, "flag": flag}))
    graph.execute()
    return "mended"


@workflow
def cleans_up(ctx, flag=None):
    try:
        ctx.execute_task(boom, kwargs={"flag": flag}).get()
    except NonRecoverableError:
        ctx.execute_task(add, kwargs={"a": 1, "b": 1}).get()
        raise


@workflow
def raises(ctx):
    raise ValueError("the function itself")


@workflow
def stumbles(ctx):
    for number in (1, 2):
        ctx.execute_task(add, kwargs={"a": number, "b": 1}).get()
    raise ValueError("the function itself")


@workflow
def held(ctx, address, count=1):
    results = [ctx.execute_task(wait, kwargs={"address": address, "label": f"wait{n}"}) for n in range(count)]
    first = [one.get() for one in results]
    ctx.execute_task(add, kwargs={"a": 1, "b": 2}).get()
    return first


@workflow
def tidies(ctx, address):
    """Waits, and cleans up where it is cancelled."""
    try:
        ctx.execute_task(wait, kwargs={"address": address, "label": "wait0"}).get()
        ctx.execute_task(add, kwargs={"a": 1, "b": 2}).get()
    except api.ExecutionCancelled:
        ctx.send_event("tidied").get()
        raise
    return "done"


@workflow
def stands(ctx, address):
    """The function itself waits, in a replay too, before it asks for its second task."""
    ctx.execute_task(add, kwargs={"a": 1, "b": 2}).get()
    wait(address, "wait0")
    return ctx.execute_task(add, kwargs={"a": 3, "b": 4}).get()


@workflow
def careful(ctx, address):
    ctx.send_event("careful")
    return ctx.execute_task(wait_once, kwargs={"address": address}).get()


@workflow
def loud(ctx):
    print("printed by the workflow")  # noqa: T201 - as above
    ctx.execute_task(noisy).get()
    return {"quiet": True}


@workflow
def patient(ctx, flag):
    ctx.execute_task(retried, kwargs={"flag": flag}, total_retries=3, retry_interval=0.01).get()


@workflow
def nested(ctx):
    graph = ctx.graph_mode()
    outer = graph.subgraph("outer")
    inner = outer.subgraph("inner")
    inner.sequence().add(ctx.execute_task(add, kwargs={"a": 1, "b": 1}), ctx.send_event("half"))
    graph.execute()


async def modern(ctx):
    return None


not_a_function = 3
