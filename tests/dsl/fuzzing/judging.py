"""What must hold of a blueprint: a valid one is read, planned and stored, and of a broken one the break is said."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection
from dataclasses import replace
from itertools import count
from pathlib import Path as Folder
from random import Random
from typing import Any

from durable_wf.dsl.compile import compile_blueprint
from durable_wf.dsl.deployment import plan_deployment
from durable_wf.dsl.problems import BlueprintError, Problem
from durable_wf.model.plan import Blueprint, DeploymentPlan, from_json, to_json
from durable_wf.sources.files import FileResolver
from tests.dsl.fuzzing.blueprints import MAIN, Drawn
from tests.dsl.fuzzing.trees import Path
from tests.dsl.fuzzing.writer import Written, written


class Resolver(FileResolver):
    """Reads a folder; `blueprint:lib/x.yaml` is the file, as a server would have it."""

    def find(self, target: str, importer: Any, version: Any) -> Any:
        return super().find(
            target.removeprefix("blueprint:") if target.endswith(".yaml") else target, importer, version
        )


class Bench:
    """A folder in which blueprints are written and read, one after the other."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def write(
        self, files: dict[str, Any], rng: Random, protected: dict[str, Collection[Path]] | None = None, **options: bool
    ) -> dict[str, Written]:
        """Write the documents; what was there is gone."""
        shutil.rmtree(self._folder, ignore_errors=True)
        found = {}
        for name, document in files.items():
            found[name] = written(document, rng, (protected or {}).get(name, ()), **options)
            self.put(name, found[name].text.encode())
        return found

    def put(self, name: str, data: bytes) -> None:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def data(self, name: str) -> bytes:
        return (self._folder / name).read_bytes()

    def compiled(self) -> Blueprint:
        return compile_blueprint(Resolver(self._folder / MAIN))

    def read(self) -> Blueprint | list[Problem]:
        """The blueprint, or what is wrong with it, with names of files relative to the folder."""
        try:
            return self.compiled()
        except BlueprintError as error:
            return [replace(one, place=one.place._replace(file=self._name(one.file))) for one in error.problems]

    def problems(self) -> list[Problem]:
        """What is wrong."""
        found = self.read()
        return found if isinstance(found, list) else []

    def _name(self, shown: str) -> str:
        path = Folder(shown)
        return path.relative_to(self._folder).as_posix() if path.is_relative_to(self._folder) else shown


def check_valid(bench: Bench, drawn: Drawn, rng: Random, *, twice: bool) -> list[str]:
    """What is wrong with a valid blueprint; [] if it compiles, is planned, and stored unchanged.

    twice   whether it is written in another way too, which must mean the same
    """
    bench.write(drawn.files, rng)
    blueprint = bench.read()
    if isinstance(blueprint, list):
        return [f"refused: {one}" for one in blueprint]
    found = _stored(Blueprint, blueprint, "the blueprint")
    plans = [plan_deployment(blueprint, drawn.inputs, suffixes()) for _ in range(2)]
    found += _stored(DeploymentPlan, plans[0], "the plan")
    if to_json(plans[0]) != to_json(plans[1]):
        found.append("planned twice, it is not the same")
    if twice and not found:
        bench.write(drawn.files, rng)
        if _meaning(bench.compiled()) != _meaning(blueprint):
            found.append("written in another way, it means something else")
    return found


def _stored(kind: Any, value: Any, name: str) -> list[str]:
    again = from_json(kind, json.loads(json.dumps(to_json(value))))
    return (
        [] if again == value and to_json(again) == to_json(value) else [f"{name} is not what it was when it is stored"]
    )


def _meaning(blueprint: Blueprint) -> Any:
    """A blueprint without what depends on how it was written."""
    return to_json(replace(blueprint, sources={}, warnings=(), notes=()))


def suffixes() -> Any:
    numbers = count()
    return lambda: f"{next(numbers):06}"
