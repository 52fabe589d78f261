"""What `plugin.module.function` refers to.

Source: reference/blueprint-dsl.md §8.1; scripts are refused until they are built.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NamedTuple

from durable_wf.dsl.namespaces import DELIMITER
from durable_wf.dsl.problems import Report
from durable_wf.dsl.source import Value


class Target(NamedTuple):
    """A plugin's name, and the dotted path of a function after it."""

    plugin: str
    function: str


class Mapper:
    """Resolves the mappings of operations and workflows.

    plugins        declared names
    is_incomplete  whether there may be plugins that could not be read
    has_file       whether the blueprint's folder has a file of that path
    """

    def __init__(
        self, plugins: Collection[str], report: Report, has_file: Callable[[str], bool], *, is_incomplete: bool
    ) -> None:
        self._plugins = plugins
        self._report = report
        self._has_file = has_file
        self._is_incomplete = is_incomplete
        self._found: dict[str, Target] = {}

    def target(self, mapping: Value, path: str, code: str) -> Target | None:
        """What `mapping` refers to; None after reporting that it is nothing.

        mapping    a non-empty text
        code       of the problem where no plugin fits
        """
        text = mapping.text or ""
        if text in self._found:
            return self._found[text]
        if self._is_script(text):
            message = "scripts are not supported yet by this version of durable-wf"
            self._report.add("script-not-built", message, mapping.place, path)
            return None
        dots = [at for at, char in enumerate(text) if char == "."]
        found = [text[:at] for at in dots if text[:at] in self._plugins and text[at + 1 :]]
        if len(found) == 1:
            return self._found.setdefault(text, Target(found[0], text[len(found[0]) + 1 :]))
        if found:
            message = f"'{text}' may begin with the plugin {' or '.join(found)}"
            self._report.add("ambiguous-plugin", message, mapping.place, path)
        else:
            self._report_unknown(text, mapping, path, code)
        return None

    def _is_script(self, text: str) -> bool:
        bare = text.rpartition(DELIMITER)[2]  # a file's path has no namespace
        return "\n" in text.strip() or "://" in text or self._has_file(text) or self._has_file(bare)

    def _report_unknown(self, text: str, mapping: Value, path: str, code: str) -> None:
        first = text.partition(".")[0]
        if self._is_incomplete and not self._report.slip(first, self._plugins):
            return
        near = None if "/" in first else self._report.similar(first, self._plugins)
        message = f"'{text}' begins with no declared plugin's name, and there is no such file"
        if first in self._plugins:
            message = f"'{text}' names no function after the plugin '{first}'"
            near = None
        hint = f"did you mean '{near}{text[len(first) :]}'?" if near else None
        self._report.add(code, message, mapping.place, path, hint=hint)
