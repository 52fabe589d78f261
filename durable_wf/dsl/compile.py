"""A blueprint's files -> a plan, or all that is wrong with them at once.

Stages: read and merge the files, check the grammar, look up names, derive types, merge nodes with their
types, compile operations, check functions. Each stage works on what the earlier ones left usable; what
they reported they made BAD, and nobody speaks of it again.

Source: reference/blueprint-dsl.md §0.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from durable_wf.dsl.availability import availability
from durable_wf.dsl.calls import CallChecker, Known, Scope
from durable_wf.dsl.checker import Checker
from durable_wf.dsl.circles import ValueGraph, relationship_circles
from durable_wf.dsl.counts import scalable_of
from durable_wf.dsl.data_types import DataTypes
from durable_wf.dsl.declared import Declarations, check_defaults, read_data_types
from durable_wf.dsl.document import ADDITION, Document, is_whole, read_document
from durable_wf.dsl.excerpts import Sources
from durable_wf.dsl.grammar import BLUEPRINT, SECTIONS
from durable_wf.dsl.groups import Groups
from durable_wf.dsl.hiding import Secrets, Way
from durable_wf.dsl.hosts import Hosts
from durable_wf.dsl.lifecycle import check_lifecycle_links
from durable_wf.dsl.mapping import RUN_WORKFLOW_SCRIPT, SCRIPT_INPUTS, Mapped, Mapper, Target
from durable_wf.dsl.merging import combined, is_addition
from durable_wf.dsl.operations import Located, Operations, Owner, Secret
from durable_wf.dsl.plugin_properties import check_values, give
from durable_wf.dsl.problems import Place, Problem, Report, masked, masking, ordered
from durable_wf.dsl.secret_functions import secret_inputs
from durable_wf.dsl.secret_sources import OpenInputs
from durable_wf.dsl.secret_texts import declared_texts, texts_at
from durable_wf.dsl.sections import values
from durable_wf.dsl.server import ServerSections
from durable_wf.dsl.server_shapes import SETTINGS
from durable_wf.dsl.shapes import NEWEST, MapOf
from durable_wf.dsl.source import Limits, Pair, Value, child, plain
from durable_wf.dsl.templates import Link, Template, Templates
from durable_wf.dsl.types import RELATIONSHIP_KEYS, derive
from durable_wf.dsl.unused import advise_unused
from durable_wf.model.declarations import Parameter
from durable_wf.model.groups import Scalable
from durable_wf.model.plan import (
    Blueprint,
    Interfaces,
    Node,
    Plugin,
    Relationship,
    Workflow,
)
from durable_wf.sources.port import Resolver


class Checked(NamedTuple):
    """A blueprint that compiled, and what its author may want to hear.

    warnings  those of the plan, and more, by file and place
    mapped    the functions and scripts that operations and workflows are mapped to
    templates where each node template stands
    sources   the lines of its files
    files     their names as people see them, in the order of reading
    """

    blueprint: Blueprint
    warnings: tuple[Problem, ...]
    mapped: tuple[Mapped, ...]
    templates: dict[str, Place]
    sources: Sources
    files: tuple[str, ...]

    def and_also(self, more: Iterable[Problem]) -> tuple[Problem, ...]:
        """The warnings, and those of others, in one order."""
        return ordered([*self.warnings, *more], self.files)


def compile_blueprint(resolver: Resolver, limits: Limits | None = None) -> Blueprint:
    """The plan of a blueprint, whatever its inputs will be.

    resolver  reads the main file and what it imports
    limits    what the files may be at most
    raises    BlueprintError with every mistake of every file, each once; SourceError when there is no main
              file
    cost      linear in the files and in what nodes inherit from their types
    """
    return _compiled(resolver, limits or Limits(), Report())[0]


def check_blueprint(resolver: Resolver, limits: Limits | None = None) -> Checked:
    """As `compile_blueprint`, with all that `validate` says of a blueprint that is right."""
    report = Report()
    blueprint, compiler = _compiled(resolver, limits or Limits(), report)
    compiler.advise()
    mask = masking(compiler.secret_texts())
    said, sources = masked(report.warned, mask), report.sources.hiding(mask)
    return Checked(blueprint, said, tuple(compiler.mapped), compiler.places, sources, report.files)


def _compiled(resolver: Resolver, limits: Limits, report: Report) -> tuple[Blueprint, _Compiler]:
    checker = Checker(report)
    document = read_document(resolver, report, checker, limits)
    compiler = _Compiler(document, report, checker, resolver, limits)
    blueprint = compiler.compile()
    report.raise_if_any(compiler.secret_texts)
    return blueprint, compiler


class _Compiler:
    def __init__(
        self, document: Document, report: Report, checker: Checker, resolver: Resolver, limits: Limits
    ) -> None:
        self._document = document
        self._report = report
        self._sections = _checked(document, checker)
        self._own_types = read_data_types(self._sections["data_types"], report, limits)
        self._data_types = DataTypes(self._own_types)
        self._secrets = Secrets(self._own_types)
        self._open_inputs = OpenInputs(self._sections["inputs"], self._secrets, report)
        self._node_types = derive(self._sections["node_types"], "node_types", report)
        self._relationship_types = derive(self._sections["relationships"], "relationships", report)
        for section in ("data_types", "node_types", "relationships", "policy_types"):
            check_defaults(self._sections[section], section, self._data_types, report)
        triggers = self._sections["policy_triggers"]
        check_defaults(triggers, "policy_triggers", self._data_types, report, "parameters")
        self._plugins = {name: self._plugin(name, pair.value) for name, pair in self._sections["plugins"].items()}
        incomplete = document.incomplete
        self._mapper = Mapper(self._plugins, report, resolver.has_file, is_incomplete="plugins" in incomplete)
        self._read = Templates(self._node_types, self._relationship_types, self._data_types, report)
        self._templates = {
            name: self._read.template(name, pair) for name, pair in self._sections["node_templates"].items()
        }
        self._hosts = Hosts(self._templates)
        known = Known(
            self._sections["inputs"],
            self._templates,
            document.version,
            self._secret_inputs(),
            inputs_complete="inputs" not in incomplete,
            nodes_complete="node_templates" not in incomplete,
        )
        self._calls = CallChecker(known, report)
        self._declared = Declarations(self._data_types, self._calls, report)
        self._server = ServerSections(self._calls, report, resolver)
        secret = Secret(self._secrets, self._open_inputs)
        self._of_nodes = Operations(self._plugins, self._mapper, report, "unresolved-operation", secret)
        self._of_links = Operations(self._plugins, self._mapper, report, "unresolved-relationship-operation", secret)

    def compile(self) -> Blueprint:
        for each in self._relationship_types.values():
            for key in RELATIONSHIP_KEYS:
                self._of_links.check(each, key)
        self._declared.check_operations(self._sections["node_types"], "node_types", ("interfaces",))
        self._declared.check_operations(self._sections["relationships"], "relationships", RELATIONSHIP_KEYS)
        self._circles()
        check_lifecycle_links(self._templates, self._report)
        for name, pair in self._sections["plugins"].items():
            check_values(pair.value, f"plugins.{name}", self._calls, self._open_inputs)
        groups = Groups(self._sections, self._document.sections, self._templates, self._read, self._calls, self._report)
        nodes = [self._node(template) for template in self._templates.values()]
        document = self._document
        return Blueprint(
            version=document.version_name,
            main=document.main,
            description=document.description,
            metadata=plain(document.metadata) or {},
            inputs=self._declared.inputs(self._sections["inputs"]),
            data_types=self._declared.data_types(self._own_types, self._sections["data_types"]),
            runtime_properties=self._declared.runtime_properties(self._sections["node_types"]),
            node_types={name: each.hierarchy for name, each in self._node_types.items()},
            relationship_types={name: each.hierarchy for name, each in self._relationship_types.items()},
            plugins=self._plugins,
            nodes=_with_plugins(nodes),
            workflows=self._workflows(),
            outputs=values(self._sections, "outputs", self._calls),
            capabilities=values(self._sections, "capabilities", self._calls),
            labels=self._server.labels(self._sections["labels"], "labels"),
            blueprint_labels=self._server.labels(self._sections["blueprint_labels"], "blueprint_labels"),
            resource_tags=self._server.tags(self._sections["resource_tags"]),
            deployment_settings=self._server.settings(document.settings),
            sources=dict(document.sources),
            imported_blueprints=tuple(document.imported.names),
            namespaces_mapping=document.imported.namespaces,
            groups=groups.all,
            policies=groups.policies,
            scaling_groups=groups.scaling,
            policy_types=groups.policy_types,
            policy_triggers=groups.policy_triggers,
            warnings=self._report.warnings,
            notes=self._report.notes,
        )

    def secret_texts(self) -> list[str]:
        """Texts that the files give to what they declare secret."""
        found = declared_texts(self._sections)
        links = [link for each in self._templates.values() for link in each.links]
        owners: list[Template | Link] = [*self._templates.values(), *links]
        for one in owners:
            ways = self._secrets.of_owner(one.type)
            found += texts_at({name: plain(value) for name, value in one.properties.items()}, ways)
        return found

    @property
    def mapped(self) -> list[Mapped]:
        """The functions and scripts that operations and workflows are mapped to."""
        return self._mapper.mapped

    @property
    def places(self) -> dict[str, Place]:
        """Where each node template stands."""
        return {name: pair.key for name, pair in self._sections["node_templates"].items()}

    def advise(self) -> None:
        """Warn of what is right, and probably not meant."""
        for place, one, path in self._report.spellings.surprises():
            self._report.advise("yaml-surprise", one.message, place, path, one.hint)
        advise_unused(self._document, self._sections, self._report)

    def _plugin(self, name: str, value: Value) -> Plugin:
        given = {key: plain(pair.value) for key, pair in value.pairs.items() if not pair.value.is_bad}
        plugin = Plugin(name=name, **{"executor": "", **given})
        install = value.get("install")
        unread = value.is_bad or (install is not None and install.is_bad)
        if plugin.install and not (unread or "source" in value.pairs or "package_name" in value.pairs):
            message = f"the plugin '{name}' has neither 'source' nor 'package_name'"
            hint = "say 'install: false' if it is importable, or stands beside the blueprint"
            place = self._sections["plugins"][name].key
            self._report.add("plugin-without-source", message, place, f"plugins.{name}", hint=hint)
        return plugin

    def _workflows(self) -> dict[str, Workflow]:
        found: dict[str, Workflow] = {}
        for name, pair in self._sections["workflows"].items():
            path = f"workflows.{name}"
            value = pair.value
            mapping = Located(value, path) if value.text is not None else None
            if mapping is None and value.get("mapping"):
                mapping = Located(value.pairs["mapping"].value, child(path, "mapping"))
            if mapping is None or mapping.value.is_bad:
                continue
            target = self._mapper.target(*mapping, "unresolved-workflow", RUN_WORKFLOW_SCRIPT)
            declared = self._declared.parameters(value.get("parameters"), child(path, "parameters"))
            if target and target.script:
                declared = self._with_script(declared, target, value.get("parameters"), path)
            cascading = value.get("is_cascading")
            is_cascading = cascading is not None and cascading.content is True
            if target:
                when = availability(value.get("availability_rules"))
                found[name] = Workflow(name, target.plugin, target.function, declared, is_cascading, when)
        return found

    def _with_script(
        self, declared: dict[str, Parameter], target: Target, given: Value | None, path: str
    ) -> dict[str, Parameter]:
        """The parameters of a workflow that is a script: it is one of them."""
        pairs = given.pairs if given else {}
        for name in SCRIPT_INPUTS:
            if name in pairs:
                self._mapper.given_twice(target, name, pairs[name].key, child(child(path, "parameters"), name))
        about = Parameter(description="The script that is run.", default=target.text, has_default=True)
        return {**declared, target.script or "": about}

    def _circles(self) -> None:
        ValueGraph(self._templates, self._sections["inputs"]).report(self._report)
        targets = {name: [link.target or "" for link in each.links] for name, each in self._templates.items()}
        for circle in relationship_circles(targets):
            link = next(link for link in self._templates[circle[-2]].links if link.target == circle[-1])
            target = link.value.get("target")
            message = f"relationships form a circle: {' -> '.join(circle)}"
            place = target.place if target else link.value.place
            self._report.add("circular-relationships", message, place, child(link.path, "target"))

    def _node(self, template: Template) -> Node:
        scope = {"SELF": template.name}
        for name, value in template.properties.items():
            self._calls.check(value, f"{template.path}.properties.{name}", scope)
        type_info = template.type
        interfaces: Interfaces = {}
        if type_info is not None:
            owner = Owner(type_info, "interfaces", template.pair.key, template.path, self._homeless(template.name))
            interfaces = self._interfaces(self._of_nodes, owner, template.pair.value, scope)
        return Node(
            name=template.name,
            type=type_info.name if type_info else "",
            type_hierarchy=type_info.hierarchy if type_info else (),
            properties={name: plain(value) for name, value in template.properties.items()},
            interfaces=interfaces,
            relationships=tuple([self._relationship(template, link) for link in template.links]),
            host_id=self._hosts.of[template.name],
            secrets=self._secrets_of(template),
            scalable=self._scalable(template),
        )

    def _secrets_of(self, one: Template | Link) -> tuple[Way, ...]:
        """Ways to its secret properties; where one is an open input, that is reported."""
        ways = self._secrets.of_owner(one.type)
        self._open_inputs.check(one.properties, ways, f"{one.path}.properties")
        return ways

    def _secret_inputs(self) -> dict[str, tuple[Way, ...]]:
        """Inputs with the ways to their secret parts; where one's default is an open input, that is reported."""
        found = secret_inputs(self._sections["inputs"], self._secrets)
        for name, ways in found.items():
            default = self._sections["inputs"][name].value.get("default")
            if default is not None:
                self._open_inputs.check_value(default, ways, f"inputs.{name}.default")
        return found

    def _homeless(self, node: str) -> str:
        """The node, if it surely is and has no host; else ''."""
        return node if node in self._hosts.homeless else ""

    def _interfaces(self, operations: Operations, owner: Owner, value: Value, scope: Scope) -> Interfaces:
        interfaces, calls = operations.compile(owner, value.get(owner.key))
        for call in calls:
            self._calls.check(call.value, call.path, scope)
        return interfaces

    def _relationship(self, template: Template, link: Link) -> Relationship:
        scope = {"SOURCE": template.name, "TARGET": link.target or ""}
        both: list[Interfaces] = [{}, {}]
        if link.type is not None:
            ends = (self._homeless(template.name), self._homeless(link.target or ""))
            owners = [
                Owner(link.type, key, link.value.place, link.path, homeless)
                for key, homeless in zip(RELATIONSHIP_KEYS, ends, strict=True)
            ]
            both = [self._interfaces(self._of_links, owner, link.value, scope) for owner in owners]
        return Relationship(
            type=link.type.name if link.type else "",
            type_hierarchy=link.type.hierarchy if link.type else (),
            target=link.target or "",
            properties={name: plain(value) for name, value in link.properties.items()},
            source_interfaces=both[0],
            target_interfaces=both[1],
            secrets=self._secrets_of(link),
        )

    def _scalable(self, template: Template) -> Scalable:
        value = template.pair.value
        deploy = (value.get("instances") or value).get("deploy")
        if deploy is not None:
            return Scalable(default_instances=plain(deploy))
        capabilities = value.get("capabilities")
        scalable = capabilities.get("scalable") if capabilities else None
        properties = scalable.get("properties") if scalable else None
        return scalable_of(properties, f"{template.path}.capabilities.scalable.properties", self._calls)


def _checked(document: Document, checker: Checker) -> dict[str, dict[str, Pair]]:
    """All entries against the grammar, and all names looked up."""
    shapes = {row.name: row.shape for row in BLUEPRINT.fields}
    sections: dict[str, dict[str, Pair]] = {}
    entries = [entry for each in document.sections.values() for entry in each.values()]
    prefixes = {part.prefix for entry in entries for part in entry.parts()}
    namespaces = {prefix: document.namespace(prefix) for prefix in prefixes}
    for section in SECTIONS:
        shape = shapes[section]
        assert isinstance(shape, MapOf)  # noqa: S101 -- a row of our own table
        sections[section] = {}
        for name, entry in document.sections[section].items():
            checker.version = NEWEST if entry.builtin else document.version
            path = child(section, name)
            checker.namespace = namespaces.get(entry.prefix)
            value = checker.check(entry.pair.value, shape.value if is_whole(entry) else ADDITION, path)
            sections[section][name] = Pair(entry.pair.key, value)
            for part in entry.also:
                checker.namespace = namespaces.get(part.prefix)
                value = checker.check(part.pair.value, ADDITION if is_addition(part.pair) else shape.value, path)
                known = sections[section][name]
                sections[section][name] = combined(section, known, Pair(part.pair.key, value)) or known
    checker.namespace = document.namespace(document.settings_prefix)
    if checker.namespace is not None and document.settings is not None:  # it was checked when its file was read
        document.settings = checker.check(document.settings, SETTINGS, "deployment_settings")
    checker.namespace = None
    for gift in document.gifts:
        give(gift, sections["plugins"], document.namespace(gift.prefix))
    checker.resolve(sections, document.incomplete)
    return sections


def _with_plugins(nodes: list[Node]) -> dict[str, Node]:
    """The nodes by name, each with the plugins that run in its context."""
    used: dict[str, set[str]] = {node.name: _plugins_of(node.interfaces) for node in nodes}
    for node in nodes:
        for link in node.relationships:
            used[node.name] |= _plugins_of(link.source_interfaces)
            if link.target in used:
                used[link.target] |= _plugins_of(link.target_interfaces)
    return {node.name: replace(node, plugins=tuple(sorted(used[node.name]))) for node in nodes}


def _plugins_of(interfaces: Interfaces) -> set[str]:
    return {one.plugin for operations in interfaces.values() for one in operations.values() if one.plugin}
