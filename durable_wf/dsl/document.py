"""All files of a blueprint, merged into one document that is not checked yet.

Files are read breadth first, each once in each namespace; circles of imports are fine. Where a file cannot
be read, names that it might have defined are not called unknown (`incomplete`).

Source: reference/blueprint-dsl.md §1, §3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from durable_wf.dsl.checker import Checker
from durable_wf.dsl.composer import compose
from durable_wf.dsl.functions import KEYWORDS
from durable_wf.dsl.grammar import BLUEPRINT, NODE_TEMPLATE, SECTIONS, VERSIONS
from durable_wf.dsl.imported import ImportedBlueprints
from durable_wf.dsl.imports import Import, ImportReader
from durable_wf.dsl.merging import OVERRIDE, combined, is_addition, may_override, rule_of
from durable_wf.dsl.namespaces import Namespace, defined
from durable_wf.dsl.plugin_properties import Gift, fitting
from durable_wf.dsl.problems import Place, Report
from durable_wf.dsl.shapes import NEWEST, Anything, Field, MapOf, Record, Version
from durable_wf.dsl.source import Limits, Pair, Value, child, plain
from durable_wf.sources.port import Resolver, SourceError, SourceFile

_ALL_NAMES = frozenset(SECTIONS)


_OF_SERVER = ("labels", "blueprint_labels", "resource_tags")


class Entry(NamedTuple):
    """An entry of a section.

    builtin    whether the built-in types file has it
    prefix     namespace of the file that has it, such as `A--B--`
    also       further parts of it that other namespaces have: names in each are read in its own
    """

    pair: Pair
    builtin: bool
    prefix: str = ""
    also: tuple[Entry, ...] = ()

    def parts(self) -> tuple[Entry, ...]:
        """All of it, in the order of merging."""
        return (self, *self.also)


def is_whole(entry: Entry) -> bool:
    """Whether the first part of an entry is to have all that the entry needs; else a further one has it."""
    return not entry.also or not is_addition(entry.pair) or all(is_addition(part.pair) for part in entry.also)


_NOT_USED = "definition-not-used"


@dataclass(slots=True)
class Document:
    """The merged files.

    sections    name -> entries, in the order of merging
    incomplete  sections that may have names we could not read
    sources     SHA-256 of each file by name, in the order of reading
    gifts       what imports give to properties of plugins
    imported    what a server has merged into the files
    overrides   whether the main file says that the blueprint's own workflows stand before built-in ones
    others      files that came with plugins or with durable-wf, as people see them
    """

    main: str
    imported: ImportedBlueprints
    version_name: str = ""
    version: Version = NEWEST
    description: str | None = None
    metadata: Value | None = None
    settings: Value | None = None
    settings_prefix: str = ""
    overrides: bool = False
    sections: dict[str, dict[str, Entry]] = field(default_factory=lambda: {name: {} for name in SECTIONS})
    incomplete: set[str] = field(default_factory=set)
    sources: dict[str, str] = field(default_factory=dict)
    gifts: list[Gift] = field(default_factory=list)
    others: set[str] = field(default_factory=set)

    def is_own(self, place: Place) -> bool:
        """Whether the blueprint's author wrote the file, and not a plugin's, or we."""
        return place.file not in self.others

    def namespace(self, prefix: str) -> Namespace | None:
        """How names in files under `prefix` are read, now that all are known; None without a namespace."""
        if not prefix:
            return None
        builtin = {
            section: {name for name, entry in entries.items() if entry.builtin}
            for section, entries in self.sections.items()
        }
        return Namespace(prefix, self.sections, builtin)


class _File(NamedTuple):
    """A file that is to be read.

    item      what asked for it; None for the main file
    importer  namespace of the file that asked
    """

    source: SourceFile
    depth: int
    prefix: str = ""
    item: Import | None = None
    importer: str = ""


_ROOT = Record(
    tuple(
        Field(row.name, MapOf(Anything()) if row.name in SECTIONS else row.shape, since=row.since)
        for row in BLUEPRINT.fields
    )
)

ADDITION = Record(tuple(row for row in NODE_TEMPLATE.fields if row.name == NODE_TEMPLATE.adds))
"""The shape of what one file adds to the node template of another."""


def read_document(resolver: Resolver, report: Report, checker: Checker, limits: Limits) -> Document:
    """Read and merge the main file and what it imports.

    checker  is given the declared version; checks what stands at the top of each file
    raises   SourceError when the main file cannot be had
    """
    main = resolver.main()
    reader = _Reader(resolver, report, checker, limits, Document(main.name, ImportedBlueprints(report)))
    queue = [_File(main, 0)]
    reader.seen[main.name, ""] = None
    reader.document.sources[main.name] = main.sha256
    for one in queue:  # grows while it is walked: breadth first
        queue.extend(reader.read(one))
    return reader.document


class _Reader:
    def __init__(
        self, resolver: Resolver, report: Report, checker: Checker, limits: Limits, document: Document
    ) -> None:
        self.document = document
        self.seen: dict[tuple[str, str], Value | None] = {}  # file and namespace -> what its importer gave to plugins
        self._list = ImportReader(report, checker)
        self._resolver = resolver
        self._report = report
        self._checker = checker
        self._limits = limits

    def read(self, one: _File) -> list[_File]:
        """Merge a file; what it imports that was not read yet."""
        source, is_main = one.source, one.depth == 0
        if source.builtin or source.plugin:
            self.document.others.add(source.shown)
        self._report.reading(source.shown, source.name, source.data[: self._limits.file_bytes])
        root = compose(source, self._report, self._limits)
        if root is None:
            self.document.incomplete.update(_ALL_NAMES)
            return []
        if is_main:
            declared = root.get("tosca_definitions_version")
            self.document.version = VERSIONS.get((declared.text if declared else None) or "", NEWEST)
        self._checker.version = NEWEST if source.builtin else self.document.version
        empty: dict[str, Pair] = {}
        checked = self._checker.check(Value(empty, root.place) if root.content is None else root, _ROOT, "")
        if self._has_strangers(root, checked):
            self.document.incomplete.update(_ALL_NAMES)
        if is_main:
            self._main_version(checked)
        elif not source.builtin:
            self._import_version(checked)
        self._receive(checked, one)
        self._merge(checked, one)
        return list(self._imports(checked.get("imports"), one))

    def _has_strangers(self, root: Value, checked: Value) -> bool:
        """Whether names may stand where the language does not look: under unknown keys, in a bad list of imports."""
        rows = {row.name for row in _ROOT.fields}
        strangers = len(set(root.pairs) - rows)
        repaired = len(set(checked.pairs) - set(root.pairs))
        imports = checked.get("imports")
        return checked.is_bad or strangers > repaired or (imports is not None and imports.is_bad)

    def _main_version(self, root: Value) -> None:
        given = root.get("tosca_definitions_version")
        if given is None and not root.is_bad:
            hint = "begin the file with: tosca_definitions_version: cloudify_dsl_1_5"
            self._report.add("missing-version", "tosca_definitions_version is missing", root.place, hint=hint)
        version = self._version(given) if given else None
        if given is not None and version is not None:
            self.document.version_name = given.text or ""
            self.document.version = version

    def _import_version(self, root: Value) -> None:
        given = root.get("tosca_definitions_version")
        version = self._version(given) if given else None
        if given is not None and version is not None and version > self.document.version:
            message = f"the file needs {given.text}, the main file declares {self.document.version_name}"
            self._report.add("newer-import", message, given.place, "tosca_definitions_version")

    def _version(self, given: Value) -> Version | None:
        if given.is_bad:
            return None
        name = given.text or ""
        if name in VERSIONS:
            return VERSIONS[name]
        parts = name.rpartition("dsl_")
        is_shaped = parts[0] == "cloudify_" and all(part.isdigit() for part in parts[2].split("_"))
        code = "unsupported-version" if is_shaped else "malformed-version"
        self._report.add(
            code,
            f"'{name or plain(given)}' is not a version of the language",
            given.place,
            "tosca_definitions_version",
            expected="one of " + ", ".join(VERSIONS),
            hint=self._report.did_you_mean(name, VERSIONS),
        )
        return None

    def _imports(self, imports: Value | None, one: _File) -> Iterator[_File]:
        bad = self._list.bad
        for item in self._list.read(imports, one.prefix):
            found = self._import(item, one)
            if found is not None:
                yield found
        if self._list.bad > bad:
            self.document.incomplete.update(_ALL_NAMES)

    def _refuse(self, item: Import, code: str, message: str, hint: str | None = None) -> None:
        self.document.incomplete.update(_ALL_NAMES)
        self._report.add(code, message, item.place, item.path, hint=hint)

    def _import(self, item: Import, one: _File) -> _File | None:
        """The file that an item asks for; None where it cannot be had, or was read already."""
        if one.depth >= self._limits.import_depth or len(self.seen) >= self._limits.files:
            message = f"more than {self._limits.files} files, or imports more than {self._limits.import_depth} deep"
            self._refuse(item, "too-many-imports", message)
            return None
        try:
            source = self._resolver.find(item.target, one.source, self.document.version)
        except SourceError as error:
            self._refuse(item, error.problem, error.message, error.hint)
            return None
        prefix = "" if source.builtin else item.prefix
        if source.builtin and item.prefix != one.prefix:
            message = f"'{item.target}' cannot be imported under a namespace"
            self._report.add("namespaced-types", message, item.place, item.path, hint="import it without one")
        if (source.name, prefix) in self.seen:
            self._check_repeated(item, source, prefix)
            return None
        self.seen[source.name, prefix] = item.properties
        self.document.sources[source.name] = source.sha256
        return _File(source, one.depth + 1, prefix, item, one.prefix)

    def _check_repeated(self, item: Import, source: SourceFile, prefix: str) -> None:
        """A file is read once; what a later import of it gives to plugins must not be lost."""
        first = self.seen[source.name, prefix]
        if item.properties is not None and plain(item.properties) != plain(first):
            message = f"'{item.target}' was imported before, with other properties"
            self._report.add("bad-plugin-property", message, item.place, item.path, hint="give them there")

    def _receive(self, root: Value, one: _File) -> None:
        """Keep what the importer gives to the plugins of this file."""
        if one.item is None or one.item.properties is None:
            return
        path = child(one.item.path, one.item.target)
        for plugin, name, value in fitting(root.get("plugins"), one.item.properties, path, self._report):
            self.document.gifts.append(Gift(defined("plugins", plugin, one.prefix), name, value, one.importer))

    def _merge(self, root: Value, one: _File) -> None:
        if one.depth == 0:
            self.document.overrides = may_override(root.get("metadata"))
            description = root.get("description")
            self.document.description = description.text if description else None
        if self.document.metadata is None and not one.source.builtin:
            self.document.metadata = root.get("metadata")
        self.document.imported.receive(root, one.prefix)
        settings = root.pairs.get("deployment_settings")
        if settings is not None and self.document.settings is not None:
            message = "only one file of a blueprint may have 'deployment_settings'"
            self._report.add("non-mergeable", message, settings.key, "deployment_settings")
        elif settings is not None:
            self.document.settings = settings.value
            self.document.settings_prefix = one.prefix
        for section in SECTIONS:
            if section in root.pairs:
                self._merge_section(section, root.pairs[section], one)

    def _merge_section(self, section: str, pair: Pair, one: _File) -> None:
        if pair.value.is_bad:
            self.document.incomplete.add(section)
        if one.source.plugin and section in _OF_SERVER:
            self._report.warn(f"'{section}' of a plugin's file is ignored", pair.key, section)
        elif not pair.value.pairs or self._is_mergeable(section, pair):
            for name, each in pair.value.pairs.items():
                self._check_name(section, name, each)
                self._add(section, defined(section, name, one.prefix), Entry(each, one.source.builtin, one.prefix))

    def _check_name(self, section: str, name: str, pair: Pair) -> None:
        """Report a name that nothing may have. What has it goes on having it: nothing else is wrong with it."""
        if not name:
            message = "a name may not be empty"
        elif section == "node_templates" and name in KEYWORDS:
            message = f"a node may not have the name {name}, which means another one in functions"
        else:
            return
        self._report.add("bad-name", message, pair.key, child(section, name), hint="give it another name")

    def _is_mergeable(self, section: str, pair: Pair) -> bool:
        """Whether this file may have the section too; reported if not."""
        since = rule_of(section).since
        if not self.document.sections[section] or (since is not None and self.document.version >= since):
            return True
        if since is None:
            message = f"only one file of a blueprint may have '{section}'"
        else:
            message = f"before cloudify_dsl_{since[0]}_{since[1]} only one file may have '{section}'"
        self._report.add("non-mergeable", message, pair.key, section)
        return since is not None

    def _add(self, section: str, name: str, new: Entry) -> None:
        known = self.document.sections[section]
        old = known.get(name)
        if old is None:
            known[name] = new
        elif rule_of(section).keeps_first:
            message = "the definition that was read first is used, not this one"
            self._report.warn(message, new.pair.key, f"{section}.{name}", code=_NOT_USED)
        elif section == "workflows" and new.builtin != old.builtin:
            known[name] = self._of_workflow(name, old, new)
        elif new.builtin and not old.builtin:
            message = "the built-in definition is used, not this one"
            self._report.warn(message, old.pair.key, child(section, name), code=_NOT_USED)
            known[name] = new
        elif name.startswith("cloudify.") or old.builtin:
            message = "the definition that was read last is used, not this one"
            self._report.warn(message, old.pair.key, child(section, name), code=_NOT_USED)
            known[name] = new
        else:
            self._combine(section, name, old, new)

    def _combine(self, section: str, name: str, old: Entry, new: Entry) -> None:
        merged = [combined(section, one.pair, new.pair) for one in old.parts()]
        if None in merged:
            message = f"'{name}' is defined in {old.pair.key} too"
            self._report.add("conflicting-definition", message, new.pair.key, child(section, name))
        elif section == "node_templates" and new.prefix != old.prefix:
            self.document.sections[section][name] = old._replace(also=(*old.also, new))
        elif merged[0] is not None:
            self.document.sections[section][name] = old._replace(pair=merged[0])

    def _of_workflow(self, name: str, old: Entry, new: Entry) -> Entry:
        """Of a built-in workflow and an author's of the same name the one that stands, whichever was read first."""
        own, builtin = (old, new) if new.builtin else (new, old)
        if self.document.overrides:
            return own
        message = f"the built-in definition is used, not this one; metadata: {{{OVERRIDE}: true}} uses this one"
        self._report.warn(message, own.pair.key, f"workflows.{name}", code=_NOT_USED)
        return builtin
