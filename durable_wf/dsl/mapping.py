"""What a mapping refers to: `plugin.module.function`, or a script, which is run by a function of the script plugin.

Source: reference/blueprint-dsl.md §8.1.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

from durable_wf.dsl.namespaces import DELIMITER
from durable_wf.dsl.problems import Place, Report
from durable_wf.dsl.source import Value

SCRIPT_PATH = "script_path"
SCRIPT_SOURCE = "script_source"
SCRIPT_INPUTS = (SCRIPT_PATH, SCRIPT_SOURCE)
RUN_SCRIPT = "script_runner.tasks.run"
RUN_WORKFLOW_SCRIPT = "script_runner.tasks.execute_workflow"

_SCRIPT_PLUGIN = "script"  # at the end of its name: it may have a namespace


class Target(NamedTuple):
    """A plugin's name, and the dotted path of a function after it.

    script  the input under which that function finds a script; None where the mapping is none
    text    the script: its path, or itself
    """

    plugin: str
    function: str
    script: str | None = None
    text: str = ""


class Mapped(NamedTuple):
    """A function or script that something is mapped to, and where that stands first."""

    target: Target
    place: Place
    path: str


class Mapper:
    """Resolves the mappings of operations and workflows.

    plugins        declared names, in the order of declaration
    is_incomplete  whether there may be plugins that could not be read
    has_file       whether the blueprint's folder has a file of that path

    `mapped` has every function and script that was found so far, once.
    """

    def __init__(
        self, plugins: Collection[str], report: Report, has_file: Callable[[str], bool], *, is_incomplete: bool
    ) -> None:
        self._plugins = plugins
        self._report = report
        self._has_file = has_file
        self._is_incomplete = is_incomplete
        self._found: dict[tuple[str, str], Target] = {}
        self._of_scripts = next((name for name in plugins if name.endswith(_SCRIPT_PLUGIN)), None)
        self.mapped: list[Mapped] = []

    def target(self, mapping: Value, path: str, code: str, runner: str = RUN_SCRIPT) -> Target | None:
        """What `mapping` refers to; None after reporting that it is nothing.

        mapping    a non-empty text
        code       of the problem where no plugin fits
        runner     path of the function that runs it if it is a script
        """
        text = mapping.text or ""
        if (text, runner) in self._found:
            return self._found[text, runner]
        script = self._script(text.strip())
        if script is not None:
            found = self._of_script(script, mapping, path, runner)
        else:
            found = self._of_plugin(text.strip(), mapping, path, code)
        if found is not None:
            self._found[text, runner] = found
        return found

    def given_twice(self, target: Target, name: str, place: Place, path: str) -> None:
        """Report an input that says once more what the mapping of a script says."""
        message = f"the mapping is a script already, so '{name}' cannot be given too"
        hint = f"leave one of them out, or map to '{target.plugin}.{target.function}'"
        self._report.add("script-given-twice", message, place, path, hint=hint)

    def _of_script(self, script: str, mapping: Value, path: str, runner: str) -> Target | None:
        if self._of_scripts is not None:
            target = Target(self._of_scripts, runner, script, _script_text(mapping.text or "", script))
            self.mapped.append(Mapped(target, mapping.place, path))
            return target
        if not self._is_incomplete:
            message = "this is a script, and no plugin that runs scripts is declared"
            hint = "import cloudify/types/types.yaml, which declares the plugin 'script'"
            self._report.add("script-plugin-missing", message, mapping.place, path, hint=hint)
        return None

    def _of_plugin(self, text: str, mapping: Value, path: str, code: str) -> Target | None:
        dots = [at for at, char in enumerate(text) if char == "."]
        found = [text[:at] for at in dots if text[:at] in self._plugins and text[at + 1 :]]
        if len(found) == 1:
            target = Target(found[0], text[len(found[0]) + 1 :])
            self.mapped.append(Mapped(target, mapping.place, path))
            return target
        if found:
            message = f"'{text}' may begin with the plugin {' or '.join(found)}"
            self._report.add("ambiguous-plugin", message, mapping.place, path)
        else:
            self._report_unknown(text, mapping, path, code)
        return None

    def _script(self, text: str) -> str | None:
        """The input that a script is given by; None where `text` is none."""
        if "\n" in text:
            return SCRIPT_SOURCE
        return SCRIPT_PATH if "://" in text or any(map(self._has_file, _without_namespaces(text))) else None

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


def _script_text(text: str, script: str) -> str:
    return text if script == SCRIPT_SOURCE else text.strip()


def _without_namespaces(text: str) -> Iterator[str]:
    """`text`, and what is left of it after each namespace: a file's path has none, but may have `--` itself."""
    yield text
    while DELIMITER in text:
        text = text.partition(DELIMITER)[2]
        yield text
