"""`cloudify.utils.setup_logger`. Source: workflow-api §0."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMAT = "%(asctime)s [%(levelname)s] [%(name)s] %(message)s"
TIMES = "%H:%M:%S"


def setup_logger(
    logger_name: str,
    logger_level: int = logging.DEBUG,
    handlers: Sequence[logging.Handler] | None = None,
    remove_existing_handlers: bool = True,
    logger_format: str | None = None,
    propagate: bool = True,
) -> logging.Logger:
    """A stdlib logger with handlers.

    handlers       None: one that prints to stdout
    logger_format  None: with time, level and name
    raises         ValueError for an empty name: that would be the root, which is the program's own
    """
    if not logger_name or logger_name == "root":
        text = "setup_logger needs a logger's name; the root logger belongs to the program"
        raise ValueError(text)
    logger = logging.getLogger(logger_name)
    if remove_existing_handlers:
        for handler in list(logger.handlers):
            logger.removeHandler(handler)
    for handler in handlers if handlers is not None else [logging.StreamHandler(sys.stdout)]:
        handler.setLevel(logging.DEBUG)
        handler.setFormatter(logging.Formatter(logger_format or FORMAT, TIMES))
        logger.addHandler(handler)
    logger.setLevel(logger_level)
    logger.propagate = propagate
    return logger
