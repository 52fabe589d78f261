"""Makes functions of installed packages functions of the language, once a process.

Source: reference/blueprint-dsl.md §14.
"""

from __future__ import annotations

import logging
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn

from durable_wf.dsl.custom import add_function
from durable_wf.sources.extensions import offered_functions

if TYPE_CHECKING:
    from durable_wf.sources.extensions import Offered


@cache
def load_functions() -> None:
    """Register what is installed. Call it before a blueprint is read, and before functions are evaluated.

    One that cannot be loaded fails where a blueprint calls it; one that has a name of the language's is not used, and a
    warning of the logger `durable_wf` says so.
    """
    for one in offered_functions():
        target: Any = one.target if not one.fault else _broken(one)
        try:
            add_function(one.name, target)
        except (ValueError, TypeError) as error:
            logging.getLogger("durable_wf").warning("%s is not used: %s", one.origin, error)


def _broken(one: Offered) -> Any:
    def call(_arguments: Any) -> NoReturn:
        text = f"{one.origin} cannot be loaded: {one.fault}"
        raise RuntimeError(text)

    return call
