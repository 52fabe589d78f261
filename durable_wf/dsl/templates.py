"""Node templates and their relationships: properties merged with the type's schema and checked, counts, hosts.

Everything stays in the author's values, with places, until `compile.py` makes a plan of it.
Source: reference/blueprint-dsl.md §6, §11, §12.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from durable_wf.dsl.containment import CONTAINED_IN, HOST
from durable_wf.dsl.counts import check_counts
from durable_wf.dsl.data_types import DataTypes, Filling, Spot
from durable_wf.dsl.functions import function_of
from durable_wf.dsl.problems import Place, Report
from durable_wf.dsl.source import Pair, Value, child
from durable_wf.dsl.types import Schema, TypeInfo

CONNECTED_TO = "cloudify.relationships.connected_to"
DEPENDS_ON = "cloudify.relationships.depends_on"
CONNECTION_TYPES = ("all_to_all", "all_to_one")


@dataclass(slots=True, eq=False)
class Link:
    """A relationship of a template.

    type     None where it could not be told
    target   None where it could not be told
    """

    value: Value
    path: str
    type: TypeInfo | None
    target: str | None
    properties: Mapping[str, Value] = field(default_factory=dict)

    def is_a(self, type_name: str) -> bool:
        """Whether the relationship derives from one of the language's three."""
        return self.type is not None and any(type_name in name for name in self.type.hierarchy)

    def connection_type(self) -> tuple[Place, str]:
        """Where connection_type is given, or the type that gives it; and its path."""
        given = self.value.get("properties")
        own = given.get("connection_type") if given else None
        return own.place if own else _place(self.value, "type"), f"{self.path}.properties.connection_type"


@dataclass(slots=True, eq=False)
class Template:
    """A node template.

    type           None where it could not be told
    is_complete    whether all its properties are known
    """

    name: str
    pair: Pair
    type: TypeInfo | None
    properties: Mapping[str, Value]
    is_complete: bool
    links: list[Link]

    @property
    def path(self) -> str:
        """Where it is in the blueprint."""
        return f"node_templates.{self.name}"

    @property
    def container(self) -> str | None:
        """The node that it is contained in."""
        return next((link.target for link in self.links if link.is_a(CONTAINED_IN)), None)

    @property
    def is_host(self) -> bool:
        """Whether its type is a host's."""
        return self.type is not None and any(HOST in name for name in self.type.hierarchy)


class Templates:
    """Reads node templates; reports what their types do not allow."""

    def __init__(
        self,
        nodes: Mapping[str, TypeInfo],
        relationships: Mapping[str, TypeInfo],
        data_types: DataTypes,
        report: Report,
    ) -> None:
        self._nodes = nodes
        self._relationships = relationships
        self._data_types = data_types
        self._report = report

    def template(self, name: str, pair: Pair) -> Template:
        """One checked entry of node_templates."""
        path = f"node_templates.{name}"
        value = pair.value
        type_info = self._named(value, self._nodes)
        given = value.get("properties")
        properties = self.properties(given, type_info, pair.key, path)
        readable = not value.is_bad and not (given and given.is_bad)
        links = self._links(name, value.get("relationships"), path)
        self._check_counts(value, path)
        complete = readable and type_info is not None and type_info.is_complete
        return Template(name, pair, type_info, properties, complete, links)

    def properties(
        self, given: Value | None, type_info: TypeInfo | None, place: Place, path: str, key: str = "properties"
    ) -> dict[str, Value]:
        """Given values over the schema's defaults, in the order of the schema.

        path    of what has them, under `key`; it stands at `place`
        """
        own = {name: pair.value for name, pair in given.pairs.items()} if given else {}
        if type_info is None:
            return own
        path = child(path, key)
        schema = type_info.properties
        typos = self._undefined(given, type_info, path)
        own = {typos.get(name, name): value for name, value in own.items()}
        is_read = type_info.is_complete and not (given and given.is_bad)
        needed = not self._is_external(own, schema, path) and is_read
        filling = Filling(self._report, missing=needed)
        found: dict[str, Value] = {}
        for name, one in schema.items():
            if one.default is not None and name not in own and one.type not in self._data_types:
                found[name] = one.default  # most properties of most nodes
                continue
            at = Spot(given.place if given else place, child(path, name), name, path)
            value = self._data_types.value(one, own.get(name), at, filling)
            if value is not None:
                found[name] = value
        return {**found, **{name: value for name, value in own.items() if name not in schema}}

    def _undefined(self, given: Value | None, type_info: TypeInfo, path: str) -> dict[str, str]:
        """Report names that the type does not declare; each with the name that was probably meant.

        Of a type that may have more, only names that are surely misspelled.
        """
        meant: dict[str, str] = {}
        taken: set[str] = set()
        find = self._report.similar if type_info.is_complete else self._report.slip
        names = given.pairs if given else {}
        for name, pair in names.items():
            if name not in type_info.properties and not pair.value.is_bad:
                absent = (one for one in type_info.properties if one not in names and one not in taken)
                near = find(name, absent)
                if not near and not type_info.is_complete:
                    continue
                hint = f"did you mean '{near}'?" if near else None
                message = f"the type '{type_info.name}' has no property '{name}'"
                self._report.add("undefined-property", message, pair.key, child(path, name), hint=hint)
                if near:
                    meant[name] = near
                    taken.add(near)
        return meant

    def _is_external(self, own: Mapping[str, Value], schema: Mapping[str, Schema], path: str) -> bool:
        """Whether the resource exists elsewhere: then no property is required."""
        name = "use_external_resource"
        value = own.get(name) or (schema[name].default if name in schema else None)
        if value is not None and function_of(value.pairs):
            message = f"'{name}' must be a literal"
            self._report.add("function-not-allowed", message, value.place, child(path, name))
            return True
        return value is not None and value.content is True

    def _links(self, node: str, given: Value | None, path: str) -> list[Link]:
        links: list[Link] = []
        container: Link | None = None
        for index, value in enumerate(given.items if given else ()):
            link = self._link(node, value, f"{path}.relationships[{index}]")
            links.append(link)
            if link.is_a(CONTAINED_IN):
                if container:
                    message = f"'{node}' is contained in '{container.target}' already"
                    self._report.add("several-containers", message, _place(value, "type"), child(link.path, "type"))
                container = container or link
        return links

    def _link(self, node: str, value: Value, path: str) -> Link:
        type_info = self._named(value, self._relationships)
        target = value.get("target")
        name = target.text if target else None
        if target and name == node:
            message = f"'{node}' has a relationship to itself"
            self._report.add("relationship-to-self", message, target.place, child(path, "target"))
        properties = self.properties(value.get("properties"), type_info, value.place, path)
        link = Link(value, path, type_info, name, properties)
        if type_info and type_info.is_complete and not any(map(link.is_a, (DEPENDS_ON, CONNECTED_TO, CONTAINED_IN))):
            message = f"'{type_info.name}' derives from none of depends_on, connected_to and contained_in"
            self._report.add("unsupported-relationship", message, _place(value, "type"), child(path, "type"))
        kind = properties.get("connection_type")
        if kind is not None and not kind.is_bad and kind.content not in CONNECTION_TYPES:
            expected = " or ".join(CONNECTION_TYPES)
            place, where = link.connection_type()
            self._report.add("bad-connection-type", "unknown connection type", place, where, expected=expected)
        return link

    def _named(self, value: Value, types: Mapping[str, TypeInfo]) -> TypeInfo | None:
        """The type that a value names. One that is a guess is not all that the author may have meant."""
        given = value.get("type")
        found = types.get(given.text) if given and given.text is not None else None
        if found is not None and given is not None and given.place in self._report.guessed:
            return replace(found, is_complete=False)
        return found

    def _check_counts(self, value: Value, path: str) -> None:
        """Instance counts against each other; each for itself was checked by the grammar."""
        capabilities = value.get("capabilities")
        scalable = capabilities.get("scalable") if capabilities else None
        properties = scalable.get("properties") if scalable else None
        path = child(path, "capabilities.scalable")
        instances = value.get("instances")
        if scalable and instances and not (scalable.is_bad or instances.is_bad):
            message = "instances are given twice: here and in 'instances'"
            self._report.add("instances-twice", message, scalable.place, path)
        if properties is not None:
            check_counts(properties, child(path, "properties"), self._report)


def _place(value: Value, key: str) -> Place:
    given = value.get(key)
    return given.place if given else value.place
