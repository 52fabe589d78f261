"""Functions of third parties, in the two forms that there are.

- Our own: a callable that takes the evaluated arguments and gives JSON.
- The older system's: a class with `evaluate(handler)`, made from the arguments; `Function` is the base that such
  classes have there. Source: reference/blueprint-dsl.md §14 ("Third parties can register more").
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from durable_wf.codec import NotSerializable, encode
from durable_wf.dsl.functions import Custom, unregister
from durable_wf.dsl.functions import Function as Row
from durable_wf.dsl.functions import register as add
from durable_wf.dsl.outcomes import EvaluationError

__all__ = ["Function", "Handler", "add_function", "register", "unregister"]


class Handler:
    """What `evaluate` of a class is given. Arguments are evaluated before, so there is nothing left to ask."""

    def evaluate(self, value: Any) -> Any:
        """The value itself: it was evaluated already."""
        return value


class Function(ABC):
    """Base of functions that are classes.

    args                  the evaluated arguments
    scope, context, path  None: where the call stands is not told
    raw                   the call as it is written
    """

    def __init__(self, args: Any, scope: Any = None, context: Any = None, path: Any = None, raw: Any = None) -> None:
        self.scope = scope
        self.context = context
        self.path = path
        self.raw = raw
        self.parse_args(args)

    def parse_args(self, args: Any) -> None:  # noqa: B027 - a class may leave it out
        """Keep the arguments. raises ValueError where they are none for this function."""

    def validate(self, plan: Any) -> None:  # noqa: B027 - as parse_args
        """Check the call against a blueprint; not asked here."""

    @abstractmethod
    def evaluate(self, handler: Any) -> Any:
        """The result."""


def add_function(name: str, target: Any, *, at_creation: bool = True) -> None:
    """Make a class or a callable a function of the language.

    at_creation  whether it may be evaluated when a deployment is created; else only at run time
    raises       ValueError for a name of the language's own functions; TypeError for what cannot be called
    """
    if not callable(target):
        raise TypeError(f"the function '{name}' is {target!r}, which cannot be called")
    add(Row(name, at_creation=at_creation, custom=_guarded(name, _as_callable(target))))


def register(fn: Any = None, name: str | None = None) -> Any:
    """As the older system's `dsl_parser.functions.register`: at once, or as a decorator with a name."""

    def decorate(target: Any) -> Any:
        add_function(name or target.__name__, target)
        return target

    return decorate if fn is None else decorate(fn)


def _as_callable(target: Any) -> Custom:
    if not (isinstance(target, type) and hasattr(target, "evaluate")):
        return lambda arguments, _raw: target(arguments)
    make: Callable[..., Any] = target
    return lambda arguments, raw: make(arguments, scope=None, context=None, path=None, raw=raw).evaluate(Handler())


def _guarded(name: str, custom: Custom) -> Custom:
    """What it raises, and a result that is not JSON, are errors of the evaluation."""

    def call(arguments: Any, raw: Any) -> Any:
        try:
            result = custom(arguments, raw)
            encode(result, what=f"what {name} gives")
        except NotSerializable as error:
            raise EvaluationError(error.message) from error
        except Exception as error:
            raise EvaluationError(f"{name}: {type(error).__name__}: {error}") from error
        return result

    return call
