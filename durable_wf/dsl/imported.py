"""`imported_blueprints` and `namespaces_mapping`: what a server writes into a blueprint that it has merged. Kept.

Source: reference/blueprint-dsl.md §2 (the two internal sections), §3.
"""

from __future__ import annotations

from durable_wf.dsl.problems import Report
from durable_wf.dsl.server import KEPT
from durable_wf.dsl.source import Value, child

BLUEPRINTS = "imported_blueprints"
NAMESPACES = "namespaces_mapping"


class ImportedBlueprints:
    """Those of all files.

    names       ids of blueprints on a server, each once, in the order of reading
    namespaces  namespace -> id of the blueprint that is under it
    """

    def __init__(self, report: Report) -> None:
        self.names: dict[str, None] = {}
        self.namespaces: dict[str, str] = {}
        self._report = report

    def receive(self, root: Value, prefix: str) -> None:
        """Take those of a file, its grammar checked.

        prefix  namespace of the file, such as `A--B--`
        """
        for section in (BLUEPRINTS, NAMESPACES):
            if section in root.pairs and not root.pairs[section].value.is_bad:
                self._report.note(KEPT, root.pairs[section].key, section)
        for item in (root.get(BLUEPRINTS) or Value([], root.place)).items:
            if item.text is not None:
                self.names[item.text] = None
        for name, pair in (root.get(NAMESPACES) or Value({}, root.place)).pairs.items():
            known = self.namespaces.setdefault(prefix + name, pair.value.text or "")
            if pair.value.text is not None and known != pair.value.text:
                message = f"the namespace '{prefix + name}' has '{known}' already"
                self._report.add("namespace-taken", message, pair.value.place, child(NAMESPACES, name))
