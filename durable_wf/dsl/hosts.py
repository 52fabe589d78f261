"""Which host a node is on: itself if it is one, else the first one on the way up through its containers.

Source: reference/blueprint-dsl.md §7 (host types), §9, §11 (host_id).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from durable_wf.dsl.templates import Template


class Hosts:
    """The hosts of all nodes.

    of        node -> its host; None where there is none, or it cannot be told
    homeless  nodes that surely have none: nothing on the way up was reported, or could not be read
    cost      linear in the nodes
    """

    def __init__(self, templates: Mapping[str, Template]) -> None:
        self.of: dict[str, str | None] = {}
        self.homeless: set[str] = set()
        for name in templates:
            self._walk(name, templates)

    def _walk(self, name: str, templates: Mapping[str, Template]) -> None:
        chain: dict[str, None] = {}
        at = name
        while at in templates and at not in self.of and at not in chain:
            chain[at] = None
            at = templates[at].container or ""
        host = self.of.get(at)
        surely_none = not at or at in self.homeless
        for one in reversed(chain):
            template = templates[one]
            host = self.of[one] = one if template.is_host else host
            surely_none = surely_none and host is None and all(_known(template))
            if surely_none:
                self.homeless.add(one)


def _known(template: Template) -> Iterator[bool]:
    """Whether each thing that could make it a host, or contained in one, could be read."""
    yield template.type is not None and template.type.is_complete
    relationships = template.pair.value.get("relationships")
    yield not (template.pair.value.is_bad or (relationships is not None and relationships.is_bad))
    for link in template.links:
        yield link.type is not None and link.type.is_complete and link.target is not None
