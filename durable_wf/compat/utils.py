"""Helpers of `cloudify.utils` that plugins import. Source: reference/workflow-api.md §0, §8 for the errors."""

from __future__ import annotations

import os
import secrets
import shlex
import string
import subprocess
import sys
import tempfile
import threading
import uuid
from functools import wraps
from typing import IO, TYPE_CHECKING, Any, ParamSpec, TypeVar
from urllib.error import HTTPError, URLError

from tenacity import RetryError, Retrying, retry_if_exception, retry_if_not_result, stop_after_delay
from tenacity.wait import wait_fixed, wait_random

from durable_wf.authoring.current import current_ctx
from durable_wf.authoring.exceptions import CommandExecutionError, CommandExecutionException, NonRecoverableError
from durable_wf.authoring.functions import FunctionError, find

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Mapping, Sequence

P = ParamSpec("P")
R = TypeVar("R")

TEMP_DIR_VARIABLE = "CFY_EXEC_TEMP"
_HTTP_TIMEOUT_S = 300
_HTTP_MAX_DELAY_S = 60
_SERVER_ERROR = 500


def get_func(task_name: str) -> Callable[..., Any]:
    """The function at a dotted path.

    raises  NonRecoverableError naming what is missing
    """
    try:
        return find(task_name)
    except FunctionError as error:
        raise NonRecoverableError(error.message) from error


def id_generator(size: int = 6, chars: Sequence[str] = string.ascii_uppercase + string.digits) -> str:
    """Random characters. In a workflow function they differ in each replay: use it in operations."""
    return "".join(secrets.choice(chars) for _ in range(size))


def uuid4() -> str:
    """A random UUID as text. In a workflow function it differs in each replay: use it in operations."""
    return str(uuid.uuid4())


def get_exec_tempdir() -> str:
    """The folder for temporary files: of the variable CFY_EXEC_TEMP, else the system's."""
    return os.environ.get(TEMP_DIR_VARIABLE) or tempfile.gettempdir()


def create_temp_folder() -> str:
    """A new folder in `get_exec_tempdir()`; nobody removes it."""
    return tempfile.mkdtemp(dir=get_exec_tempdir())


class CommandExecutionResponse:
    """What a command has said, and its exit code."""

    def __init__(self, command: Any, std_out: str, std_err: str, return_code: int) -> None:
        self.command = command
        self.std_out = std_out
        self.std_err = std_err
        self.return_code = return_code


class LocalCommandRunner:
    """Runs commands on this machine, without a shell.

    logger  told of each command, if given
    """

    def __init__(self, logger: logging.Logger | None = None, host: str = "localhost") -> None:
        self.logger = logger
        self.host = host

    def run(
        self,
        command: str | Sequence[str],
        exit_on_failure: bool = True,
        stdout_pipe: bool = True,
        stderr_pipe: bool = True,
        cwd: str | None = None,
        execution_env: Mapping[str, str] | None = None,
        encoding: str = "utf-8",
    ) -> CommandExecutionResponse:
        """Run a command and wait for it.

        command        text is split as a shell would
        execution_env  added to the environment
        raises         CommandExecutionError where it cannot be started; CommandExecutionException for an exit code
                       other than 0, unless `exit_on_failure` is false
        """
        words = shlex.split(command) if isinstance(command, str) else list(command)
        if self.logger is not None:
            self.logger.debug("[%s] run: %s", self.host, command)
        try:
            done = subprocess.run(
                words,
                stdout=subprocess.PIPE if stdout_pipe else None,
                stderr=subprocess.PIPE if stderr_pipe else None,
                cwd=cwd,
                env={**os.environ, **(execution_env or {})},
                check=False,
            )
        except OSError as error:
            raise CommandExecutionError(shlex.join(words), str(error)) from error
        out = (done.stdout or b"").decode(encoding, "replace").rstrip()
        err = (done.stderr or b"").decode(encoding, "replace").rstrip()
        if done.returncode and exit_on_failure:
            raise CommandExecutionException(shlex.join(words), err, out, done.returncode)
        return CommandExecutionResponse(command, out, err, done.returncode)


class OutputConsumer:
    """Reads the lines of a pipe on a thread of its own, logs each and keeps all.

    out     a binary or text stream
    logger  without it nothing is logged
    prefix  put before each logged line
    ctx     made current on the thread, for loggers that look for it
    """

    def __init__(self, out: IO[Any], logger: logging.Logger | None = None, prefix: str = "", ctx: Any = None) -> None:
        self.out = out
        self.logger = logger
        self.prefix = prefix
        self.ctx = ctx
        self.output: list[str] = []
        self.consumer = threading.Thread(target=self.consume_output, name="durable-wf-output", daemon=True)
        self.consumer.start()

    def consume_output(self) -> None:
        """Until the stream ends; the stream is closed."""
        with self.out, current_ctx.push(self.ctx):
            for raw in self.out:
                text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
                self.handle_line(text.rstrip("\n"))

    def handle_line(self, line: str) -> None:
        """Log and keep it."""
        self.output.append(line)
        if self.logger is not None:
            self.logger.info("%s%s", self.prefix, line)

    def join(self, timeout: float | None = None) -> None:
        """Wait until all was read."""
        self.consumer.join(timeout)


def wait_for(
    callable_obj: Callable[[Any], Any],
    callable_obj_key: Any,
    value_attr: str,
    test_value: Any,
    exception: type[Exception],
    msg: str = "",
    timeout: float = 900,
) -> Any:
    """Ask `callable_obj(callable_obj_key)` once a second until its attribute is right; the value.

    test_value  the wanted value, or a function that says whether a value is
    raises      exception(msg) when it is not within `timeout` seconds
    """
    is_right = test_value if callable(test_value) else lambda value: value == test_value
    again = Retrying(retry=retry_if_not_result(is_right), stop=stop_after_delay(timeout), wait=wait_fixed(1))
    try:
        return again(lambda: getattr(callable_obj(callable_obj_key), value_attr))
    except RetryError as error:
        raise exception(msg) from error


def keep_trying_http(
    total_timeout_sec: float = _HTTP_TIMEOUT_S, max_delay_sec: float = _HTTP_MAX_DELAY_S
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorate a function that talks HTTP: it is called again while the connection, or the server, fails.

    total_timeout_sec  after this long the error is raised
    max_delay_sec      each wait is random, between 0 and this
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            again = Retrying(
                retry=retry_if_exception(_may_pass),
                stop=stop_after_delay(total_timeout_sec),
                wait=wait_random(0, max_delay_sec),
                reraise=True,
            )
            return again(function, *args, **kwargs)

        return call

    return decorate


def _may_pass(error: BaseException) -> bool:
    """A failed connection, or a server's own fault. The library `requests` is looked at only where it is loaded."""
    if isinstance(error, HTTPError):
        return error.code >= _SERVER_ERROR
    requests = sys.modules.get("requests")
    if requests is not None and isinstance(error, requests.exceptions.RequestException):
        status = getattr(error.response, "status_code", None)
        return status is None or status >= _SERVER_ERROR
    return isinstance(error, (ConnectionError, TimeoutError, URLError))


class Internal:
    """`cloudify.utils.internal`: what plugins use of the older system's inner helpers."""

    @staticmethod
    def get_install_method(properties: Mapping[str, Any]) -> str | None:
        """How a host's agent is installed, by its node's properties; None where they do not say."""
        method: str | None = (properties.get("agent_config") or {}).get("install_method")
        if method is None and "install_agent" in properties:
            return "remote" if properties["install_agent"] else "none"
        return method


internal = Internal()
