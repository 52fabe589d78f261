"""Functions by their path, what their decorators say, and how they are called.

Source: reference/workflow-api.md §1. Unlike there, `ctx` is passed only to a function that takes it.
"""

from __future__ import annotations

import inspect
import sys
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar, overload

from durable_wf.authoring.code_space import CodeSpace, current_space, import_module, public_name
from durable_wf.authoring.exceptions import NonRecoverableError
from durable_wf.authoring.not_built import subject, why_not
from durable_wf.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

F = TypeVar("F", bound="Callable[..., Any]")


class FunctionError(InputError, NonRecoverableError):
    """A workflow or an operation cannot be found, or cannot be run: trying again will not help (workflow-api §1.4)."""

    code = "bad-function"
    explanation = "A function named by a blueprint or a command is not importable, not callable, or is async."


@overload
def workflow(func: F, system_wide: bool = False, resumable: bool | None = None, **_: Any) -> F: ...
@overload
def workflow(
    func: None = None, system_wide: bool = False, resumable: bool | None = None, **_: Any
) -> Callable[[F], F]: ...
def workflow(
    func: F | None = None, system_wide: bool = False, resumable: bool | None = None, **_: Any
) -> F | Callable[[F], F]:
    """Mark a function as a workflow; it is returned as it is. Bare or with arguments; unknown ones are left aside.

    resumable  False refuses a resume; any other deterministic workflow can be resumed. The attribute of that name is
               False too where nothing was said, as existing code expects it (workflow-api §1.1).
    """

    def mark(function: F) -> F:
        function.workflow_system_wide = system_wide  # type: ignore[attr-defined]
        function.resumable = bool(resumable)  # type: ignore[attr-defined]
        function.refuses_resume = resumable is not None and not resumable  # type: ignore[attr-defined]
        return function

    return mark if func is None else mark(func)


@overload
def operation(func: F, resumable: bool = False, **_: Any) -> F: ...
@overload
def operation(func: None = None, resumable: bool = False, **_: Any) -> Callable[[F], F]: ...
def operation(func: F | None = None, resumable: bool = False, **_: Any) -> F | Callable[[F], F]:
    """Mark a function as an operation; it is returned as it is. Bare or with arguments; unknown ones are left aside.

    resumable  it may be run again when nobody knows whether it ended
    """

    def mark(function: F) -> F:
        function.resumable = resumable  # type: ignore[attr-defined]
        return function

    return mark if func is None else mark(func)


def refuses_resume(function: Callable[..., Any]) -> bool:
    """Whether a workflow says itself that it must not be resumed. That it says nothing is no refusal."""
    return bool(getattr(function, "refuses_resume", False))


def path_of(function: Callable[..., Any]) -> str:
    """`module:qualname` of an importable function.

    raises  FunctionError for a lambda, a nested function or a bound method: a later process could not find it
    """
    name = getattr(function, "__qualname__", "")
    module = public_name(getattr(function, "__module__", None) or "")
    if not name or not module or "<" in name:
        text = f"{function!r} cannot be found again by its name"
        raise FunctionError(text, hint="move it to the top level of a module, or run it as a local_task")
    if module == "__main__":
        spec = getattr(sys.modules["__main__"], "__spec__", None)
        if spec is None:
            text = f"{name} is defined in the script that was started; a later process could not import it"
            raise FunctionError(text, hint="put it into a module of its own and import it from there")
        module = spec.name
    return f"{module}:{name}"


def find(path: str, given: Mapping[str, Any] | None = None) -> Callable[..., Any]:
    """The function at `module:qualname` or `module.function`, in the code space of this thread.

    given   what it is to be called with, if that is known: names the script where it would run one
    raises  FunctionError naming what is missing (workflow-api §1.4 for the shape of the texts)
    """
    why = why_not(path)
    if why is not None:
        text = f"{subject(path, given or {})} cannot be run: {why}"
        raise FunctionError(text)
    return _find(path, current_space())


def forget() -> None:
    """Look for every function anew."""
    _find.cache_clear()


@lru_cache(maxsize=1024)
def _find(path: str, space: CodeSpace | None) -> Callable[..., Any]:
    module_name, separator, name = path.partition(":")
    if not separator:
        module_name, _, name = path.rpartition(".")
    if not name or not module_name or module_name.startswith("."):
        text = f"'{path}' is not the path of a function"
        raise FunctionError(text, hint="write module:function, or module.function")
    try:
        found: Any = import_module(module_name) if space is None else space.module(module_name)
    except ModuleNotFoundError as error:
        text = f"No module named {public_name(error.name or '')} (looking for '{path}')"
        raise FunctionError(text, hint="is the plugin next to the blueprint, or installed?") from error
    except Exception as error:
        text = f"importing {module_name} failed: {type(error).__name__}: {error} (looking for '{path}')"
        raise FunctionError(text) from error
    for part in name.split("."):
        found = getattr(found, part, None)
        if found is None:
            text = f"{module_name} has no function named '{name}'"
            raise FunctionError(text)
    if not callable(found):
        text = f"{path} is not callable"
        raise FunctionError(text)
    refuse_async(found, path)
    return found  # type: ignore[no-any-return]


def refuse_async(function: Callable[..., Any], path: str) -> None:
    """raises  FunctionError for `async def`."""
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        text = f"{path} is `async def`; workflows and operations are plain functions"
        raise FunctionError(text, hint="each operation has a thread of its own: call asyncio.run(...) inside it")


def is_resumable(path: str) -> bool:
    """Whether the operation declares that it may be repeated; False where it cannot be had."""
    try:
        return bool(getattr(find(path), "resumable", False))
    except Exception:  # noqa: BLE001 - importing runs the plugin's code; running the operation will tell what is wrong
        return False


def with_ctx(function: Callable[..., Any], kwargs: dict[str, Any], ctx: Any) -> dict[str, Any]:
    """The keyword arguments for a call: `ctx` is added where the function takes it."""
    try:
        takes = _takes_ctx(function)
    except TypeError:  # an object that cannot be hashed
        takes = _takes_ctx.__wrapped__(function)
    return {**kwargs, "ctx": ctx} if takes else kwargs


@lru_cache(maxsize=1024)
def _takes_ctx(function: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    return any(
        parameter.kind is parameter.VAR_KEYWORD
        or (parameter.name == "ctx" and parameter.kind is not parameter.POSITIONAL_ONLY)
        for parameter in parameters
    )
