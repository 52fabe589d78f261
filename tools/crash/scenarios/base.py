"""What a scenario of the crash harness is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from durable_wf import Engine
from durable_wf.clock import Clock
from durable_wf.model.rows import History


@dataclass(slots=True)
class Runs:
    """How often something ran, by its own record.

    begun, ended  a run that was killed has no end
    keys          the idempotency keys that it was given, each once
    """

    begun: int = 0
    ended: int = 0
    keys: list[str] = field(default_factory=list)


class Scenario(Protocol):
    """Something to run, to kill and to resume. `folder` is a fresh one for each point.

    clock  makes what its engines live by, for a folder; None for the machine's
    """

    clock: Callable[[Path], Clock] | None

    def prepare(self, engine: Engine, folder: Path) -> None:
        """What is there before the execution starts; nobody is killed during it."""
        ...

    def workflow(self, folder: Path) -> tuple[Any, dict[str, Any], str | None]:
        """The workflow, its parameters, and the deployment's name."""
        ...

    def names(self, history: History) -> Mapping[int, str]:
        """How the operations' own record calls each task that it knows, by task number."""
        ...

    def ran(self, folder: Path) -> Mapping[str, Runs]:
        """The operations' own record."""
        ...

    def problems(self, folder: Path) -> list[str]:
        """What is wrong with the world outside of the journal once the execution has terminated."""
        ...

    def clean(self, folder: Path) -> None:
        """Leave no process and nothing outside of `folder`."""
        ...
