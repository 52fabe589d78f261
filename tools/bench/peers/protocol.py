"""How a driver is talked to. Imported by every driver, in whatever environment, so: the standard library only.

    DRIVER serve FOLDER          reads one JSON object a line, answers one a line: {"run": SHAPE, "count": N, …} gives
                                 {"seconds": S}; its first line is {"ready": true, "shapes": […]}
    DRIVER fill FOLDER N         a workflow of N finished steps, killed in the step after them
    DRIVER replay FOLDER         resumes it, and prints {"seconds": S} until the step that was killed begins again

`seconds` are of the run alone: starting a process, importing and opening are not in it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol


class Driver(Protocol):
    """What a driver offers. A peer that cannot resume has neither `fill` nor `replay`.

    shapes  name of a shape → what runs it: keyword arguments in, seconds out
    """

    shapes: Mapping[str, Callable[..., float]]

    def open(self, folder: Path) -> None:
        """Make ready; everything that stays goes into the folder."""
        ...

    def close(self) -> None:
        """Stop."""
        ...


def main(driver: Any, arguments: list[str] | None = None) -> int:
    """Do what the command line asks."""
    what, folder, *more = sys.argv[1:] if arguments is None else arguments
    answers = _take_stdout()
    if what == "serve":
        _serve(driver, Path(folder), answers)
    elif what == "fill":
        driver.fill(Path(folder), int(more[0]))
    elif what == "replay":
        _say(answers, {"seconds": driver.replay(Path(folder))})
        os._exit(0)  # a peer's threads may not keep us
    else:
        text = f"a driver can serve, fill and replay, not {what}"
        raise SystemExit(text)
    return 0


def _take_stdout() -> Any:
    """The real stdout for the answers alone; what a library prints goes nowhere, at no cost to it."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return answers


def _serve(driver: Any, folder: Path, answers: Any) -> None:
    driver.open(folder)
    _say(answers, {"ready": True, "shapes": sorted(driver.shapes)})
    for line in sys.stdin:
        asked = json.loads(line)
        shape = asked.pop("run")
        try:
            answer = {"seconds": driver.shapes[shape](**asked)}
        except Exception as error:  # noqa: BLE001 - the other side is told whatever it was
            answer = {"error": f"{type(error).__name__}: {error}"}
        _say(answers, answer)
    driver.close()


def _say(answers: Any, what: dict[str, Any]) -> None:
    answers.write(json.dumps(what) + "\n")
    answers.flush()
