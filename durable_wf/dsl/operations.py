"""Operations of nodes and relationships: what the type says, what the template says, and what then runs.

What a type alone says is compiled once and shared by all its nodes; so the cost of a template is its own.

Source: reference/blueprint-dsl.md §8 (template over type), §8.1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from durable_wf.dsl.functions import has_function
from durable_wf.dsl.hiding import WHOLE, Secrets
from durable_wf.dsl.mapping import SCRIPT_INPUTS, Mapper, Target
from durable_wf.dsl.problems import Place, Report
from durable_wf.dsl.secret_sources import OpenInputs
from durable_wf.dsl.source import Value, child, plain
from durable_wf.dsl.types import Declared, TypeInfo, schemas
from durable_wf.model.plan import NOOP, Interfaces, Operation, Plugin

SETTINGS = ("executor", "max_retries", "retry_interval", "timeout", "timeout_recoverable", "on_unknown")

ON_HOST = "host_agent"
AUTO = "auto"
"""The executor of scripts that name none: the host's agent where the node has a host, else the central one (§8.1)."""


class Located(NamedTuple):
    """A value and its path."""

    value: Value
    path: str


@dataclass(frozen=True, slots=True)
class _Draft:
    """An operation with everything merged, still in the author's values.

    mapping   None for a no-op
    missing   names of inputs that have neither a default nor a value
    secrets   names of inputs that are declared secret
    """

    mapping: Located | None = None
    inputs: Mapping[str, Located] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _OfType:
    """What a type says on its own.

    missing   interface, operation and input names that every node must give
    calls     inputs that hold functions, by interface and operation
    on_host   interface and operation names of what runs on the node's host
    """

    interfaces: Interfaces
    missing: tuple[tuple[str, str, tuple[str, ...]], ...]
    calls: Mapping[tuple[str, str], tuple[Located, ...]]
    on_host: tuple[tuple[str, str], ...] = ()


class Owner(NamedTuple):
    """The template whose operations are compiled: its type, its place and path, and the key under which they stand.

    homeless  the node on which they run, if that is and has no host; '' if it has one
    """

    type: TypeInfo
    key: str
    place: Place
    path: str
    homeless: str = ""


class Secret(NamedTuple):
    """What inputs are secret, and who looks where their values come from."""

    parts: Secrets
    open_inputs: OpenInputs


class Operations:
    """Compiles operations.

    code   of the problem where a mapping begins with no plugin's name
    """

    def __init__(
        self, plugins: Mapping[str, Plugin], mapper: Mapper, report: Report, code: str, secret: Secret
    ) -> None:
        self._plugins = plugins
        self._secret = secret
        self._mapper = mapper
        self._report = report
        self._code = code
        self._types: dict[tuple[str, str], _OfType] = {}
        self._homeless: set[tuple[str, str]] = set()

    def compile(self, owner: Owner, own: Value | None) -> tuple[Interfaces, list[Located]]:
        """The operations of a template, and those inputs of them that hold functions, to be checked in its scope.

        own    what the template gives under the owner's key
        """
        base = self._of_type(owner)
        given = {(name, op): Declared(inner.value, "") for name, op, inner in _each(own)}
        for name, op, missing in base.missing:
            if (name, op) not in given and not _is_unread(own, name):
                self._report_missing(missing, owner.place, f"{owner.path}.{owner.key}.{name}.{op}")
        if owner.homeless:
            for name, op in base.on_host:
                if (name, op) not in given and not _is_unread(own, name):
                    self._report_homeless(owner, owner.place, name, op)
        if own is None or not own.pairs:
            return base.interfaces, [call for calls in base.calls.values() for call in calls]
        return self._with_own(owner, own, base)

    def check(self, type_info: TypeInfo, key: str) -> None:
        """Resolve what a type says, whether or not a template uses it."""
        self._of_type(Owner(type_info, key, Place("", 0, 0), ""))

    def _with_own(self, owner: Owner, own: Value, base: _OfType) -> tuple[Interfaces, list[Located]]:
        declared = owner.type.interfaces[owner.key]
        found = {name: dict(operations) for name, operations in base.interfaces.items()}
        calls = dict(base.calls)
        for name in own.pairs:
            found.setdefault(name, {})
        for name, op, pair in _each(own):
            path = f"{owner.path}.{owner.key}.{name}.{op}"
            draft = _merged(declared.get(name, {}).get(op), Declared(pair.value, path))
            self._report_missing(draft.missing, pair.key, path)
            found[name][op], calls[name, op] = self._operation(draft)
            if draft.mapping is None and pair.value.get("inputs") and "implementation" not in pair.value.pairs:
                message = "inputs are given to an operation that nothing implements: it does nothing"
                self._report.advise("operation-without-code", message, pair.key, path)
            if owner.homeless and found[name][op].executor == ON_HOST:
                self._report_homeless(owner, pair.key, name, op)
        return found, [call for each in calls.values() for call in each]

    def _of_type(self, owner: Owner) -> _OfType:
        key = (owner.type.name, owner.key)
        if key not in self._types:
            self._types[key] = self._compile_type(owner.type.interfaces[owner.key])
        return self._types[key]

    def _compile_type(self, declared: Mapping[str, Mapping[str, Declared]]) -> _OfType:
        interfaces: dict[str, dict[str, Operation]] = {}
        missing: list[tuple[str, str, tuple[str, ...]]] = []
        calls: dict[tuple[str, str], tuple[Located, ...]] = {}
        for name, operations in declared.items():
            interfaces[name] = {}
            for op, given in operations.items():
                draft = _from_type(given)
                interfaces[name][op], calls[name, op] = self._operation(draft)
                if draft.missing:
                    missing.append((name, op, draft.missing))
        on_host = [
            (name, op) for name, each in interfaces.items() for op, one in each.items() if one.executor == ON_HOST
        ]
        return _OfType(interfaces, tuple(missing), calls, tuple(on_host))

    def _report_missing(self, names: tuple[str, ...], place: Place, path: str) -> None:
        for name in names:
            message = f"the operation's input '{name}' has no default and is not given"
            self._report.add("missing-operation-input", message, place, path)

    def _report_homeless(self, owner: Owner, place: Place, name: str, op: str) -> None:
        """One problem for a template, at the first such operation."""
        if (owner.path, owner.key) in self._homeless:
            return
        self._homeless.add((owner.path, owner.key))
        message = f"the executor of '{op}' is {ON_HOST}, and '{owner.homeless}' is no host and in none"
        hint = "say 'executor: central_deployment_agent', or contain the node in one of type cloudify.nodes.Compute"
        self._report.add("no-host", message, place, f"{owner.path}.{owner.key}.{name}.{op}", hint=hint)

    def _operation(self, draft: _Draft) -> tuple[Operation, tuple[Located, ...]]:
        if draft.mapping is None:
            return NOOP, ()
        target = self._mapper.target(*draft.mapping, self._code)
        if target is None or self._is_given_twice(target, draft):
            return NOOP, ()
        for name, at in draft.inputs.items():
            self._report.spellings.expect(at.value.place, draft.types.get(name))
            ways = WHOLE if name in draft.secrets else self._secret.parts.of_type(draft.types.get(name))
            self._secret.open_inputs.check_value(at.value, ways, at.path)
        inputs = {name: _typed(plain(at.value), draft.types.get(name)) for name, at in draft.inputs.items()}
        if target.script is not None:
            inputs[target.script] = target.text
        with_calls = [name for name, value in inputs.items() if has_function(value)]
        settings = dict(draft.settings)
        if settings.get("executor") is None:
            settings["executor"] = AUTO if target.script else self._plugins[target.plugin].executor
        operation = Operation(
            target.plugin,
            target.function,
            inputs=inputs,
            inputs_types=draft.types,
            has_intrinsic_functions=bool(with_calls),
            secrets=draft.secrets,
            **settings,
        )
        return operation, tuple(draft.inputs[name] for name in with_calls)

    def _is_given_twice(self, target: Target, draft: _Draft) -> bool:
        """Whether the inputs say too which script is run; reported if so."""
        twice = [name for name in SCRIPT_INPUTS if target.script is not None and name in draft.inputs]
        for name in twice:
            self._mapper.given_twice(target, name, draft.inputs[name].value.place, draft.inputs[name].path)
        return bool(twice)


def _each(own: Value | None) -> Iterator[tuple[str, str, Any]]:
    """Interface name, operation name and pair of every operation that is given."""
    for name, interface in own.pairs.items() if own else ():
        for op, pair in interface.value.pairs.items():
            yield name, op, pair


def _implementation(given: Declared) -> Located | None:
    """The mapping as written; None where there is none, or an empty one."""
    if given.value.text:
        return Located(given.value, given.path)
    found = given.value.get("implementation")
    return Located(found, child(given.path, "implementation")) if found and found.text else None


def _settings(given: Declared) -> dict[str, Any]:
    return {name: plain(pair.value) for name, pair in given.value.pairs.items() if name in SETTINGS}


def _values(given: Declared) -> dict[str, Located]:
    inputs = given.value.get("inputs")
    path = child(given.path, "inputs")
    return {name: Located(pair.value, child(path, name)) for name, pair in inputs.pairs.items()} if inputs else {}


def _from_type(given: Declared) -> _Draft:
    """An operation that only the type has: the schema's defaults are its inputs."""
    mapping = _implementation(given)
    if mapping is None:
        return _Draft()
    declared = schemas(given.value.get("inputs"), child(given.path, "inputs"))
    return _Draft(
        mapping,
        {name: Located(one.default, child(one.path, "default")) for name, one in declared.items() if one.default},
        {name: one.type for name, one in declared.items() if one.type},
        _settings(given),
        tuple(name for name, one in declared.items() if one.default is None and one.required),
        tuple(name for name, one in declared.items() if one.secret),
    )


def _is_unread(own: Value | None, interface: str) -> bool:
    """Whether what a template says of an interface, or of all, could not be read: it may have said what is missing."""
    said = own if own is None or own.is_bad else own.get(interface)
    return said is not None and said.is_bad


def _merged(of_type: Declared | None, own: Declared) -> _Draft:
    """An operation of the template over that of its type, if it has one."""
    if own.value.content in (None, "") or own.value.content == {} or _is_bad(own.value):
        return _Draft()
    mapping = _implementation(own)
    base = _from_type(of_type) if of_type else _Draft()
    inherited = base.mapping
    if inherited is None or (mapping and mapping.value.text != inherited.value.text):
        return _Draft(mapping, _values(own), settings=_settings(own))
    values = _values(own)
    return _Draft(
        mapping or inherited,
        {**base.inputs, **values},
        base.types,
        {**base.settings, **{name: value for name, value in _settings(own).items() if value is not None}},
        tuple(name for name in base.missing if name not in values),
        base.secrets,
    )


def _is_bad(value: Value) -> bool:
    """Whether a part that the merge depends on was reported already."""
    parts = (value, value.get("implementation"), value.get("inputs"))
    return any(part is not None and part.is_bad for part in parts)


def _typed(value: Any, type_name: str | None) -> Any:
    """A call of get_input with the declared type beside it, so that its result is checked; else `value`."""
    if type_name and isinstance(value, dict) and set(value) == {"get_input"}:
        return {**value, "type": type_name}
    return value
