"""The list of imports of one file: what each item asks for.

Source: reference/blueprint-dsl.md §3; codes 2, 212, 213, 214, 220.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from durable_wf.dsl.checker import Checker
from durable_wf.dsl.namespaces import DELIMITER, split
from durable_wf.dsl.problems import Place, Report
from durable_wf.dsl.source import Value, child

_MAPS_SINCE = (1, 5)
_BLUEPRINT = "blueprint:"


class Import(NamedTuple):
    """An item that can be looked for.

    target      as a resolver takes it, without its namespace
    prefix      of names in this file as they stand in the blueprint, such as `A--B--`; '' where there is none
    properties  what the item gives to plugins; None: nothing
    path        of the item
    """

    target: str
    prefix: str
    properties: Value | None
    place: Place
    path: str


class ImportReader:
    """Reads lists of imports, and reports items that nobody could follow.

    bad  items that were refused; names that they might have brought are not to be called unknown
    """

    def __init__(self, report: Report, checker: Checker) -> None:
        self._report = report
        self._checker = checker
        self._blueprints: dict[str, str] = {}
        self.bad = 0

    def read(self, imports: Value | None, prefix: str) -> Iterator[Import]:
        """The usable items of one file's list.

        prefix  of that file itself
        """
        seen: set[str] = set()
        for index, item in enumerate(imports.items if imports else ()):
            path = child("imports", index)
            text, properties = self._parts(item, path)
            if text is None:
                self.bad += 1
            elif text in seen:
                self._report.add("duplicate-import", f"'{text}' is imported twice", item.place, path)
            else:
                seen.add(text)
                found = self._import(text, Import("", prefix, properties, item.place, path))
                self.bad += found is None
                if found is not None:
                    yield found

    def _parts(self, item: Value, path: str) -> tuple[str | None, Value | None]:
        """The text of an item, and the properties that it gives to plugins."""
        if item.text is not None or item.is_bad:
            return item.text, None
        if len(item.pairs) != 1:
            message = "an import must be text, or a mapping of one import to properties of plugins"
            self._report.add("bad-import", message, item.place, path)
            return None, None
        ((text, pair),) = item.pairs.items()
        if self._checker.version < _MAPS_SINCE:
            self._checker.too_new("an import with properties", _MAPS_SINCE, item.place, path)
        if pair.value.is_bad or pair.value.content is None:
            return text, None
        if not isinstance(pair.value.content, dict):
            message = "the properties of an import must be a mapping"
            self._report.add("bad-import", message, pair.value.place, child(path, text))
            return text, None
        return text, pair.value

    def _import(self, text: str, item: Import) -> Import | None:
        namespace, target = split(text)
        if namespace is not None and not target:
            message = f"'{text}' names no file after the namespace '{namespace}'"
            hint = f"write {namespace or 'NAME'}{DELIMITER}FILE"
            self._report.add("import-not-found", message, item.place, item.path, hint=hint)
            return None
        if namespace is not None and (not namespace or DELIMITER in namespace):
            message = f"'{namespace}' is no namespace: one is not empty, and has no '{DELIMITER}' in it"
            self._report.add("bad-namespace", message, item.place, item.path)
            return None
        prefix = item.prefix if namespace is None else f"{item.prefix}{namespace}{DELIMITER}"
        if target.startswith(_BLUEPRINT) and not self._is_namespaced(target, namespace, prefix, item):
            return None
        return item._replace(target=target, prefix=prefix)

    def _is_namespaced(self, target: str, namespace: str | None, prefix: str, item: Import) -> bool:
        if namespace is None:
            message = f"'{target}' has no namespace"
            hint = f"write NAME{DELIMITER}{target}"
            self._report.add("blueprint-without-namespace", message, item.place, item.path, hint=hint)
            return False
        if self._blueprints.setdefault(prefix, target) != target:
            message = f"the namespace '{namespace}' has '{self._blueprints[prefix]}' already"
            self._report.add("namespace-taken", message, item.place, item.path)
            return False
        return True
