"""Blueprints from texts, without files."""

from __future__ import annotations

from hashlib import sha256
from itertools import count
from textwrap import dedent

from durable_wf.dsl.compile import compile_blueprint
from durable_wf.dsl.deployment import plan_deployment
from durable_wf.dsl.problems import BlueprintError
from durable_wf.sources.files import BUILTIN_TYPES, builtin_types
from durable_wf.sources.port import SourceError, SourceFile
from durable_wf.sources.zones import Zones

HEAD = dedent(
    """\
    tosca_definitions_version: cloudify_dsl_1_5
    imports: [cloudify/types/types.yaml]
    plugins:
      p: {executor: central_deployment_agent, install: false}
    """
)


class Texts(Zones):
    """A resolver of files that are texts (or bytes); the first is the main one."""

    def __init__(self, **files):
        self.files = {name.replace("__", "/") + ".yaml": data for name, data in files.items()}
        self.asked = []

    def main(self):
        return self._file(next(iter(self.files)))

    def find(self, target, importer, version):
        self.asked.append((target, importer.name, version))
        if target == BUILTIN_TYPES:
            return builtin_types()
        if target not in self.files:
            raise SourceError(f"there is no file '{target}'")
        return self._file(target)

    def has_file(self, path):
        return path in self.files

    def _file(self, name):
        data = self.files[name]
        data = data if isinstance(data, bytes) else data.encode()
        return SourceFile(name, name, data, sha256(data).hexdigest())


def compiled(text, head=HEAD, limits=None, **imported):
    """The plan of a text under a head that imports the types and declares plugin `p`."""
    return compile_blueprint(Texts(main=head + dedent(text), **imported), limits)


def problems(text, head=HEAD, limits=None, **imported):
    """What is wrong with it; [] if nothing is."""
    try:
        compiled(text, head, limits, **imported)
    except BlueprintError as error:
        return list(error.problems)
    return []


def codes(text, head=HEAD, limits=None, **imported):
    """Only the codes of `problems`."""
    return [one.code for one in problems(text, head, limits, **imported)]


def suffixes():
    """An allocator that counts: 000000, 000001 ..."""
    numbers = count()
    return lambda: f"{next(numbers):06}"


def deployed(text, inputs=None, head=HEAD, **options):
    """The deployment plan of a text, with ids that count."""
    return plan_deployment(compiled(text, head), inputs or {}, suffixes(), **options)
