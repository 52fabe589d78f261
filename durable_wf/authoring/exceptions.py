"""Exceptions that operations and workflows raise and catch.

Source of names, arguments and meaning: reference/workflow-api.md §8, §5.1.
"""

from __future__ import annotations

from typing import Any


class NonRecoverableError(Exception):
    """The operation failed and must not be tried again."""

    def __init__(self, *args: Any, causes: list[dict[str, Any]] | None = None) -> None:
        super().__init__(*args)
        self.causes = causes or []


class RecoverableError(Exception):
    """The operation failed and may be tried again.

    retry_after  seconds until the next attempt; None leaves it to the task's policy
    """

    def __init__(
        self, message: str = "", retry_after: float | None = None, causes: list[dict[str, Any]] | None = None
    ) -> None:
        suffix = f" [retry_after={retry_after}]"
        if retry_after is not None and suffix.strip() not in message:
            message = f"{message}{suffix}"
        super().__init__(message)
        self.retry_after = retry_after
        self.causes = causes or []


class OperationRetry(RecoverableError):
    """The operation asks to be run again (`ctx.operation.retry`)."""


class CloudifySerializationRetry(RecoverableError):
    """Another instance has to come first."""


class HttpException(NonRecoverableError):
    """A resource could not be fetched."""

    def __init__(self, url: str, code: int, message: str, causes: list[dict[str, Any]] | None = None) -> None:
        super().__init__(f"{code} ({url}) : {message}", causes=causes)
        self.url = url
        self.code = code
        self.message = message


class CommandExecutionError(RuntimeError):
    """A command could not be started."""

    def __init__(self, command: str, error: object = None) -> None:
        super().__init__(command, error)
        self.command = command
        self.error = error

    def __str__(self) -> str:
        return f"Failed executing command: {self.command}.{f' error: {self.error}' if self.error else ''}"


class CommandExecutionException(Exception):
    """A command ended with something else than 0."""

    def __init__(self, command: str, error: object, output: object, code: int) -> None:
        super().__init__(command, error, output, code)
        self.command = command
        self.error = error
        self.output = output
        self.code = code

    def __str__(self) -> str:
        return f"Command '{self.command}' executed with an error. code: {self.code} error: {self.error}"


class TimeoutException(Exception):
    """Something took too long."""


class ProcessKillCancelled(NonRecoverableError):
    """The process of an operation was killed by a kill-cancel."""


class ClosedAMQPClientException(Exception):
    """A message broker's client was used after its end. There is no broker here: for plugins that name it."""


class PluginInstallationError(Exception):
    """A plugin could not be installed."""


class StopAgent(Exception):
    """The agent shall end. There are no agents here: the operation that raises it fails, and may be tried again."""

    def __init__(self, *args: Any, causes: list[dict[str, Any]] | None = None) -> None:
        super().__init__(*args)
        self.causes = causes or []


class InvalidBlueprintImport(RuntimeError):
    """A blueprint cannot be imported."""


EXECUTION_CANCELLED_RESULT = "execution_cancelled"  # deprecated: returned by a workflow, it means ExecutionCancelled


class ExecutionCancelled(Exception):
    """The execution was asked to cancel. A workflow that catches it must raise it again."""


class WorkflowFailed(RuntimeError):
    """A task graph failed. The text names each failed task with its cause."""

    def __init__(self, *args: Any, causes: list[dict[str, Any]] | None = None, hide_traceback: bool = False) -> None:
        super().__init__(*args)
        self.causes = causes or []
        self.hide_traceback = hide_traceback


class CloudifyClientError(Exception):
    """What the older system's REST client raises; existing plugins look at `status_code`."""

    status_code: int | None = None
    error_code: str | None = None

    def __init__(
        self,
        message: str,
        server_traceback: str | None = None,
        status_code: int | None = None,
        error_code: str | None = None,
        response: object = None,
    ) -> None:
        super().__init__(message)
        self.server_traceback = server_traceback
        self.response = response
        if status_code is not None:
            self.status_code = status_code
        if error_code is not None:
            self.error_code = error_code


class InvalidExecutionUpdateStatus(CloudifyClientError):
    """An execution cannot move to that state."""


class ExistingStartedDeploymentModificationError(CloudifyClientError):
    """Another modification of the deployment has started, and has not ended (workflow-api §2.8)."""

    status_code = 400
    error_code = "existing_started_deployment_modification_error"


class DeploymentModificationAlreadyEndedError(CloudifyClientError):
    """The modification has been finished or rolled back already (workflow-api §2.8)."""

    status_code = 400
    error_code = "deployment_modification_already_ended_error"


class DeploymentModificationNotFoundError(CloudifyClientError):
    """There is no such modification of the deployment."""

    status_code = 404
    error_code = "not_found_error"


class StorageConflictError(Exception):
    """The storage is not as it was when it was read."""


class StorageConflict(StorageConflictError, CloudifyClientError):
    """Somebody else changed a runtime property that this operation changed too.

    It is what both kinds of storage of the older system raise (workflow-api §7.4).
    """

    status_code = 409
    error_code = "conflict_error"

    def __init__(self, message: str) -> None:
        CloudifyClientError.__init__(self, message)


class ResourceNotFound(HttpException, FileNotFoundError):
    """The blueprint's folder has no such file. It is what both kinds of storage of the older system raise."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(path, 404, message)


class UnknownOutcome(Exception):
    """Nobody knows how the operation ended, and its policy says that this is a failure."""


class HandlerFailed(Exception):
    """A task ended well, and its `on_success` handler decided that it has failed."""


class RecordedError(Exception):
    """Stands for an exception whose class cannot be had, or whose arguments are not JSON.

    type_name  `module:qualname` of what was raised
    """

    def __init__(self, type_name: str, message: str) -> None:
        super().__init__(type_name, message)
        self.type_name = type_name
        self.message = message

    def __str__(self) -> str:
        return f"{self.type_name.partition(':')[2]}: {self.message}"
