"""Values declared secret on their way into the store, whose names the journal gets (design.md "Secrets", L10).

Kept while the journal's write lock is held, before the commit of the row that names them: a crash leaves a value that
nothing names, never a name without its value.
"""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

from durable_wf.codec import decode
from durable_wf.dsl.functions import calls_in
from durable_wf.dsl.hiding import Secrets, hidden
from durable_wf.sources.vault import VAULT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from durable_wf.journal.port import Journal
    from durable_wf.model import rows
    from durable_wf.model.declarations import Parameter
    from durable_wf.model.plan import Blueprint

MARK = "@"  # names begin with it that a person did not choose
_KEY = "value"  # under which a value stands that is no text
_LONGEST = 180  # characters of a name's readable part; the store takes 200


class Safe:
    """The secret values of a deployment or an execution that is about to be written.

    owner   begins their names: the deployment
    """

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._names: dict[str, str] = {}
        self.values: dict[str, str] = {}

    def hide(self, path: str, value: Any) -> Any:
        """The call of get_secret that gives the value, once it is kept (`dsl.hiding.Hide`)."""
        VAULT.hide(path, value)
        readable = "".join(one if one.isprintable() else "?" for one in f"{MARK}{self._owner}.{path}"[:_LONGEST])
        name = self._names.setdefault(path, f"{readable}.{secrets.token_hex(4)}")
        is_text = isinstance(value, str) and "\0" not in value and _is_utf8(value)
        self.values[name] = value if is_text else json.dumps({_KEY: value})
        return {"get_secret": name if is_text else [name, _KEY]}

    def without(
        self, declared: Mapping[str, Parameter], values: Mapping[str, Any], blueprint: Blueprint, path: str
    ) -> dict[str, Any]:
        """Values with calls in the place of what is declared secret."""
        ways = Secrets(blueprint.data_types)
        return {
            name: hidden(value, ways.ways(declared[name]), f"{path}.{name}", self.hide) if name in declared else value
            for name, value in values.items()
        }

    def keep(self) -> None:
        """Put the values into the store. raises UsageError for one that is too large; SecretsError."""
        VAULT.keep(self.values)


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def announce(declared: Mapping[str, Parameter], given: Mapping[str, Any], blueprint: Blueprint, path: str) -> None:
    """Have given values masked from now on, in what is said of them if they are refused."""
    ways = Secrets(blueprint.data_types)
    for name, one in declared.items():
        if name in given:
            hidden(given[name], ways.ways(one), f"{path}.{name}", _masked)


def _masked(path: str, value: Any) -> Any:
    VAULT.hide(path, value)
    return value


def only_of(journal: Journal, row: rows.Deployment) -> set[str]:
    """Names that a `Safe` made for a deployment or its executions, and that no other deployment has taken over.

    cost  reads the rows of all deployments
    """
    found = {one.id: _names(_texts(journal, one)) for one in journal.deployments()}
    own = found.pop(row.id, set())
    return own.difference(*found.values())


def _texts(journal: Journal, row: rows.Deployment) -> Iterator[str]:
    """All that a deployment has of values, as JSON."""
    yield row.inputs_json
    yield from (one.plan_json for one in journal.blueprints() if one.id == row.blueprint)
    yield from (one.body_json for one in journal.nodes(row.id))
    yield from (one.runtime_properties_json for one in journal.instances(row.id))
    yield from (one.parameters_json for one in journal.executions(deployment=row.id))


def _names(texts: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for call in calls_in([decode(text) for text in texts if f'"{MARK}' in text]):
        given = call.get("get_secret")
        name = given[0] if isinstance(given, list) and given else given
        if isinstance(name, str) and name.startswith(MARK):
            found.add(name)
    return found
