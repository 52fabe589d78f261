"""Which context is current in this thread, and proxies that always lead to it.

Source: reference/workflow-api.md §0 (last paragraph), §7.9.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class NotInContext(RuntimeError):
    """There is no context in this thread."""


class CtxParameters(dict[str, Any]):
    """Parameters by key or attribute; an unknown attribute raises KeyError, as in the reference."""

    def __getattr__(self, name: str) -> Any:
        return self[name]


class CurrentContext(threading.local):
    """The context and the parameters of what runs in this thread. Threads that a plugin starts must push it."""

    ctx: Any = None
    parameters: dict[str, Any] | None = None

    def set(self, ctx: Any, parameters: dict[str, Any] | None = None) -> None:
        """Make `ctx` current."""
        self.ctx = ctx
        self.parameters = parameters

    def get_ctx(self) -> Any:
        """The current context.

        raises  NotInContext
        """
        return self._given(self.ctx)

    def get_parameters(self) -> Any:
        """The current parameters.

        raises  NotInContext
        """
        parameters = self._given(self.parameters)
        if not isinstance(parameters, CtxParameters):  # made when they are asked for: most operations never do
            parameters = self.parameters = CtxParameters(parameters)
        return parameters

    @staticmethod
    def _given(found: Any) -> Any:
        if found is None:
            text = "No context set in current execution thread"
            raise NotInContext(text)
        return found

    def clear(self) -> None:
        """Forget both."""
        self.ctx = None
        self.parameters = None

    def push(self, ctx: Any, parameters: dict[str, Any] | None = None) -> Pushed:
        """Make `ctx` current for the length of a `with`, which gives it."""
        return Pushed(self, ctx, parameters)


class Pushed:
    """A context that is current inside a `with`; every operation has one, so it is no generator."""

    __slots__ = ("_before", "_ctx", "_current", "_parameters")

    def __init__(self, current: CurrentContext, ctx: Any, parameters: dict[str, Any] | None) -> None:
        self._current = current
        self._ctx = ctx
        self._parameters = parameters

    def __enter__(self) -> Any:
        current = self._current
        self._before = current.ctx, current.parameters
        current.set(self._ctx, self._parameters)
        return self._ctx

    def __exit__(self, *_: object) -> None:
        self._current.ctx, self._current.parameters = self._before


class Proxy:
    """Stands for whatever `resolve` gives at the moment of each access."""

    __slots__ = ("_resolve",)

    def __init__(self, resolve: Callable[[], Any]) -> None:
        object.__setattr__(self, "_resolve", resolve)

    def _get_current_object(self) -> Any:
        return object.__getattribute__(self, "_resolve")()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._get_current_object(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._get_current_object(), name, value)

    def __getitem__(self, key: Any) -> Any:
        return self._get_current_object()[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        self._get_current_object()[key] = value

    def __contains__(self, key: Any) -> bool:
        return key in self._get_current_object()

    def __iter__(self) -> Iterator[Any]:
        return iter(self._get_current_object())

    def __len__(self) -> int:
        return len(self._get_current_object())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Proxy):
            other = other._get_current_object()
        return bool(self._get_current_object() == other)

    def __hash__(self) -> int:
        return hash(self._get_current_object())

    def __bool__(self) -> bool:
        return bool(self._get_current_object())

    def __repr__(self) -> str:
        try:
            return repr(self._get_current_object())
        except NotInContext:
            return "<no current context>"


current_ctx = CurrentContext()
current_workflow_ctx = CurrentContext()

ctx: Any = Proxy(current_ctx.get_ctx)
ctx_parameters: Any = Proxy(current_ctx.get_parameters)
workflow_ctx: Any = Proxy(current_workflow_ctx.get_ctx)
workflow_parameters: Any = Proxy(current_workflow_ctx.get_parameters)
