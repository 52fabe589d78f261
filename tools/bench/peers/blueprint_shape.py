"""The blueprint that is parsed and planned. Imported by drivers in whatever environment: the standard library only.

Tens of nodes: a host, nine applications in it, each connected to the one before. Files of a thousand templates each, as
nobody writes longer ones; types of its own, so that neither side reads a file that the other does not.
"""

from __future__ import annotations

from pathlib import Path

_VERSION = "tosca_definitions_version: cloudify_dsl_1_5\n"
_TYPES = """
plugins:
  p: {executor: central_deployment_agent, install: false}
inputs:
  port: {type: integer, default: 80}
node_types:
  Root:
    interfaces:
      cloudify.interfaces.lifecycle: {create: {}, configure: {}, start: {}, stop: {}, delete: {}}
  Application:
    derived_from: Root
    properties: {number: {type: integer}, port: {default: {get_input: port}}}
    interfaces:
      cloudify.interfaces.lifecycle:
        start: {implementation: p.tasks.start, inputs: {port: {default: {get_property: [SELF, port]}}}}
relationships:
  cloudify.relationships.depends_on: {properties: {connection_type: {default: all_to_all}}}
  cloudify.relationships.contained_in: {derived_from: cloudify.relationships.depends_on}
  cloudify.relationships.connected_to: {derived_from: cloudify.relationships.depends_on}
"""
_TEN = 10
_FILE = 1_000


def written(folder: Path, count: int) -> Path:
    """The blueprint with `count` node templates in a folder of its own; made once."""
    main = folder / str(count) / "blueprint.yaml"
    if not main.exists():
        main.parent.mkdir(parents=True)
        names = []
        for first in range(0, count, _FILE):
            names.append(f"templates-{first}.yaml")
            texts = (_template(number) for number in range(first, min(count, first + _FILE)))
            (main.parent / names[-1]).write_text(f"{_VERSION}node_templates:\n{''.join(texts)}")
        main.write_text(f"{_VERSION}imports: [{', '.join(names)}]\n{_TYPES}")
    return main


def _template(number: int) -> str:
    text = f"  n{number}:\n    type: Application\n    properties: {{number: {number}}}\n"
    if number % _TEN:
        text += "    relationships:\n" + _relationship("contained_in", number - number % _TEN)
    if number % _TEN > 1:
        text += _relationship("connected_to", number - 1)
    return text


def _relationship(kind: str, target: int) -> str:
    return f"      - {{type: cloudify.relationships.{kind}, target: n{target}}}\n"
