"""All files of a blueprint, merged into one document that is not checked yet.

Files are read breadth first, each once; circles of imports are fine. Where a file cannot be read, names
that it might have defined are not called unknown (`incomplete`).

Source: reference/blueprint-dsl.md §1, §3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from durable_wf.dsl.checker import Checker
from durable_wf.dsl.composer import compose
from durable_wf.dsl.grammar import BLUEPRINT, SECTIONS, VERSIONS
from durable_wf.dsl.problems import Report
from durable_wf.dsl.shapes import NEWEST, Anything, Field, MapOf, Record, Version
from durable_wf.dsl.source import Limits, Pair, Value, child, plain
from durable_wf.sources.port import Resolver, SourceError, SourceFile

_NEVER: Version = (99, 0)
_FIRST_KEPT = ("labels", "blueprint_labels", "resource_tags")
_MERGED_SINCE: Mapping[str, Version] = {
    **dict.fromkeys(("inputs", "outputs", "node_templates", *_FIRST_KEPT), (1, 3)),
    "policies": _NEVER,
}

_ALL_NAMES = frozenset(SECTIONS)


class Entry(NamedTuple):
    """An entry of a section, and whether the built-in types file has it."""

    pair: Pair
    builtin: bool


@dataclass(slots=True)
class Document:
    """The merged files.

    sections    name -> entries, in the order of merging
    incomplete  sections that may have names we could not read
    sources     SHA-256 of each file by name, in the order of reading
    """

    main: str
    version_name: str = ""
    version: Version = NEWEST
    description: str | None = None
    metadata: Value | None = None
    settings: Value | None = None
    sections: dict[str, dict[str, Entry]] = field(default_factory=lambda: {name: {} for name in SECTIONS})
    incomplete: set[str] = field(default_factory=set)
    sources: dict[str, str] = field(default_factory=dict)


class _Import(NamedTuple):
    source: SourceFile
    depth: int


_ROOT = Record(
    tuple(
        Field(row.name, MapOf(Anything()) if row.name in SECTIONS else row.shape, since=row.since)
        for row in BLUEPRINT.fields
    )
)


def read_document(resolver: Resolver, report: Report, checker: Checker, limits: Limits) -> Document:
    """Read and merge the main file and what it imports.

    checker  is given the declared version; checks what stands at the top of each file
    raises   SourceError when the main file cannot be had
    """
    main = resolver.main()
    reader = _Reader(resolver, report, checker, limits, Document(main.name))
    queue = [_Import(main, 0)]
    reader.document.sources[main.name] = main.sha256
    for one in queue:  # grows while it is walked: breadth first
        queue.extend(reader.read(one))
    return reader.document


class _Reader:
    def __init__(
        self, resolver: Resolver, report: Report, checker: Checker, limits: Limits, document: Document
    ) -> None:
        self.document = document
        self._resolver = resolver
        self._report = report
        self._checker = checker
        self._limits = limits

    def read(self, one: _Import) -> list[_Import]:
        """Merge a file; what it imports that was not read yet."""
        source, is_main = one.source, one.depth == 0
        self._report.reading(source.shown, source.name)
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
        self._merge(checked, source, is_main=is_main)
        return self._imports(checked.get("imports"), one)

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

    def _imports(self, imports: Value | None, one: _Import) -> list[_Import]:
        found: list[_Import] = []
        seen: set[str] = set()
        for index, item in enumerate(imports.items if imports else ()):
            path = child("imports", index)
            target = item.text
            if target is None:
                self._refuse(item, path, "bad-import", "an import must be text")
            elif target in seen:
                self._report.add("duplicate-import", f"'{target}' is imported twice", item.place, path)
            else:
                seen.add(target)
                found.extend(self._import(target, item, path, one))
        return found

    def _refuse(self, item: Value, path: str, code: str, message: str, hint: str | None = None) -> None:
        self.document.incomplete.update(_ALL_NAMES)
        if not item.is_bad:
            self._report.add(code, message, item.place, path, hint=hint)

    def _import(self, target: str, item: Value, path: str, one: _Import) -> list[_Import]:
        if one.depth >= self._limits.import_depth or len(self.document.sources) >= self._limits.files:
            message = f"more than {self._limits.files} files, or imports more than {self._limits.import_depth} deep"
            self._refuse(item, path, "too-many-imports", message)
            return []
        try:
            source = self._resolver.find(target, one.source, self.document.version)
        except SourceError as error:
            self._refuse(item, path, error.problem, error.message, error.hint)
            return []
        if source.name in self.document.sources:
            return []
        self.document.sources[source.name] = source.sha256
        return [_Import(source, one.depth + 1)]

    def _merge(self, root: Value, source: SourceFile, *, is_main: bool) -> None:
        if is_main:
            description = root.get("description")
            self.document.description = description.text if description else None
        if self.document.metadata is None and not source.builtin:
            self.document.metadata = root.get("metadata")
        settings = root.pairs.get("deployment_settings")
        if settings is not None and self.document.settings is not None:
            message = "only one file of a blueprint may have 'deployment_settings'"
            self._report.add("non-mergeable", message, settings.key, "deployment_settings")
        elif settings is not None:
            self.document.settings = settings.value
        for section in SECTIONS:
            pair = root.pairs.get(section)
            if pair is None:
                continue
            if pair.value.is_bad:
                self.document.incomplete.add(section)
            known = self.document.sections[section]
            since = _MERGED_SINCE.get(section)
            if known and since and self.document.version < since and pair.value.pairs:
                when = "" if since == _NEVER else f"before cloudify_dsl_{since[0]}_{since[1]} "
                message = f"{when}only one file may have '{section}'"
                self._report.add("non-mergeable", message, pair.key, section)
            for name, each in pair.value.pairs.items():
                self._add(section, name, Entry(each, source.builtin))

    def _add(self, section: str, name: str, new: Entry) -> None:
        known = self.document.sections[section]
        old = known.get(name)
        if old is None:
            known[name] = new
        elif section in _FIRST_KEPT:
            self._report.warn(
                "the definition that was read first is used, not this one", new.pair.key, f"{section}.{name}"
            )
        elif name.startswith("cloudify.") or new.builtin or old.builtin:
            if new.builtin and not old.builtin:
                self._report.warn("the built-in definition is used, not this one", old.pair.key, child(section, name))
            known[name] = new
        else:
            merged = _combined(section, old.pair, new.pair)
            if merged is None:
                message = f"'{name}' is defined in {old.pair.key} too"
                self._report.add("conflicting-definition", message, new.pair.key, child(section, name))
            else:
                known[name] = Entry(merged, builtin=False)


def _combined(section: str, old: Pair, new: Pair) -> Pair | None:
    """Two definitions of one name as one, where the language allows that; else None."""
    if section == "workflows":
        return Pair(old.key, Value({**_workflow(new.value), **_workflow(old.value)}, old.value.place))
    if section == "node_templates" and ["relationships"] in (list(old.value.pairs), list(new.value.pairs)):
        pairs = {**new.value.pairs, **old.value.pairs}
        both = [one.value.get("relationships") for one in (old, new)]
        if all(one is not None and isinstance(one.content, list) for one in both):
            items = [item for one in both if one for item in one.items]
            pairs["relationships"] = Pair(pairs["relationships"].key, Value(items, pairs["relationships"].value.place))
        return Pair(old.key, Value(pairs, old.value.place))
    return None


def _workflow(value: Value) -> dict[str, Pair]:
    return {"mapping": Pair(value.place, value)} if value.text is not None else value.pairs
