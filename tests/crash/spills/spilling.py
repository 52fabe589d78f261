"""A plugin that gives away what it was given, in every way that it can think of; it stands beside its blueprint."""

from __future__ import annotations

import base64
import json
import logging
import os
import shlex
import signal
import urllib.parse
from pathlib import Path

from durable_wf import RecoverableError, ctx, operation, workflow


@operation(resumable=True)
def spill(values, own, way, param, **_):
    """One of the ways of this module; the first time that it is `dies`, the process dies."""
    values = [*map(str, values), own, param, ctx.plugin.properties["token"]]
    return WAYS[way](values)


def _says(values):
    for text in [form for value in values for form in forms(value)]:
        ctx.logger.info("it is %s, or %r", text, text)
        logging.getLogger("some.library").warning({"key": text})
        ctx.send_event(f"an event of {text}")
        print_lines(text)


def print_lines(text):
    for line in text.splitlines():
        ctx.logger.info(line)


def forms(value):
    """A value as people write it."""
    data = value.encode()
    return [
        value,
        f"before{value}after",
        json.dumps({"a": [value]}),
        json.dumps({"a": [value]}, ensure_ascii=False),
        json.dumps(json.dumps(value)),
        repr({"a": value}),
        *in_json(value),
        urllib.parse.quote(value, safe=""),
        urllib.parse.urlencode({"a": value}),
        f"https://user:{urllib.parse.quote(value)}@host",
        base64.b64encode(data).decode(),
        *(base64.b64encode(b"user: "[:length] + data + b"!").decode() for length in range(1, 6)),
        base64.urlsafe_b64encode(data).decode(),
        data.hex(),
        data.hex().upper(),
    ]


def in_json(value):
    """JSON with a value in it, where that looks different, as an argument of a command, in a URL, in a header."""
    for text in {json.dumps({"p": value}), json.dumps({"p": value}, ensure_ascii=False)} - {f'{{"p": "{value}"}}'}:
        yield str(["curl", "-d", text])
        yield str(["curl", "-d", text.encode()])
        yield shlex.join(["curl", "-d", text])
        yield urllib.parse.urlencode({"a": text})
        yield f"https://host/{urllib.parse.quote(text)}"
        yield base64.b64encode(text.encode()).decode()


class OddError(Exception):
    """It has the values as arguments and as attributes."""

    def __init__(self, *values):
        super().__init__(*values)
        self.values = values
        self.by_value = dict.fromkeys(values, 1)


def _raises(values):
    try:
        raise OddError(*values)
    except OddError as error:
        text = " ".join(form for value in values for form in forms(value))
        raise ValueError(text) from error


def _asks(values):
    causes = [{"message": value, "type": value, "traceback": f"\n{value}\n"} for value in values]
    raise RecoverableError(f"not with {values}", causes=causes, retry_after=0)


def _keeps(values):
    ctx.instance.runtime_properties["kept"] = {"all": values[:4], "first": values[0]}
    ctx.instance.update()
    ctx.instance.runtime_properties["again"] = values[0]
    return {"all": values[:4]}


def _keeps_inside(values):
    ctx.instance.runtime_properties["url"] = f"https://user:{values[0]}@host"


def _keeps_encoded(values):
    ctx.instance.runtime_properties["token"] = {"basic": base64.b64encode(f"user:{values[0]}".encode()).decode()}


def _keeps_as_key(values):
    ctx.instance.runtime_properties["map"] = {values[0]: 1}


def _dies(values):
    marker = Path(os.environ["SPILLING_MARKER"])
    _says(values[:3])
    ctx.instance.runtime_properties["dying"] = values[0]
    ctx.instance.update()
    if not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    ctx.logger.info("alive with %s", values[0])


WAYS = {
    "says": _says,
    "raises": _raises,
    "asks": _asks,
    "keeps": _keeps,
    "keeps inside": _keeps_inside,
    "keeps encoded": _keeps_encoded,
    "keeps as key": _keeps_as_key,
    "returns inside": lambda values: {"a": [f"x{values[0]}y"]},
    "returns encoded": lambda values: urllib.parse.quote(values[4]),
    "dies": _dies,
    "fine": len,
}


@workflow
def spills(ctx, param, fallback):
    """All ways, one after the other; what each gave or said. At last one that fails the execution."""
    (instance,) = ctx.node_instances
    said = {}
    for way in WAYS:
        given = {"way": way, "param": param if way != "says" else fallback}
        try:
            said[way] = instance.execute_operation("ops.spill", kwargs=given, allow_kwargs_override=True).get()
        except Exception as error:
            ctx.logger.warning("%s: %s", way, error, exc_info=True)
            ctx.send_event(f"{way} failed with {error}")
            said[way] = [type(error).__name__, str(error), repr(vars(error)), str(error.__cause__)]
    ctx.logger.info("%s", said)
    instance.execute_operation("ops.spill", kwargs={"way": "raises", "param": param}, allow_kwargs_override=True).get()
