"""Compiles what a blueprint declares: inputs, parameters of workflows, inputs of operations, data types.

Source: reference/blueprint-dsl.md §4, §5, §6, §8, §10.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from durable_wf.dsl import constraints
from durable_wf.dsl.calls import CallChecker
from durable_wf.dsl.data_types import DataTypes, Filling, Spot, untangled
from durable_wf.dsl.functions import calls_in, function_of
from durable_wf.dsl.grammar import TYPES
from durable_wf.dsl.problems import Report
from durable_wf.dsl.source import Limits, Pair, Value, child, plain
from durable_wf.dsl.types import Schema, TypeInfo, check_value, derive, schemas
from durable_wf.model.declarations import Constraint, DataType, Parameter


def read_data_types(section: Mapping[str, Pair], report: Report, limits: Limits) -> dict[str, TypeInfo]:
    """All data types with what they are derived from; circles and values without end are reported and cut."""
    for name, pair in section.items():
        if name in TYPES:
            report.add("primitive-redefined", f"'{name}' is a type of the language", pair.key, f"data_types.{name}")
    own = {name: pair for name, pair in section.items() if name not in TYPES}
    return untangled(derive(own, "data_types", report), report, limits)


class Declarations:
    """Compiles declarations; what is wrong with them is reported.

    types   the blueprint's data types
    """

    def __init__(self, types: DataTypes, calls: CallChecker, report: Report) -> None:
        self._types = types
        self._calls = calls
        self._report = report

    def inputs(self, section: Mapping[str, Pair]) -> dict[str, Parameter]:
        """The inputs of a blueprint."""
        found: dict[str, Parameter] = {}
        for name, pair in section.items():
            path = f"inputs.{name}"
            parameter = self._parameter(pair, path)
            self._check_deployment(pair.value, parameter.constraints, path)
            default = pair.value.get("default")
            if default is not None:
                self._calls.check(default, child(path, "default"), {})
            required = pair.value.get("required")
            is_open = any(one is not None and one.is_bad for one in (default, required))
            if parameter.hidden and parameter.required and parameter.default is None and not is_open:
                message = f"the input '{name}' is hidden and required, and has no default"
                self._report.add("hidden-required-input", message, pair.key, path)
            # a default of null is no default: reference/blueprint-dsl.md §4
            found[name] = replace(parameter, has_default=parameter.default is not None)
        return found

    def parameters(self, value: Value | None, path: str) -> dict[str, Parameter]:
        """The parameters of a workflow; functions in their defaults are kept as they are."""
        pairs = value.pairs if value else {}
        for name, pair in pairs.items():
            self._advise_calls(pair.value.get("default"), child(child(path, name), "default"))
        return {name: self._parameter(pair, child(path, name)) for name, pair in pairs.items()}

    def _advise_calls(self, default: Value | None, path: str) -> None:
        """Nobody checks or evaluates calls in a parameter's default. One of get_secret is handed on to operations."""
        if default is None or default.is_bad:
            return
        names = {function_of(call) for call in calls_in(plain(default))} - {"get_secret"}
        if names:
            message = f"{', '.join(sorted(map(str, names)))}: the workflow is given the call as it is, not its value"
            hint = "ctx.internal.evaluate_functions gives its value in the workflow"
            self._report.advise("unevaluated-function", message, default.place, path, hint=hint)

    def check_operations(self, types: Mapping[str, Pair], section: str, keys: tuple[str, ...]) -> None:
        """What types declare for inputs of their operations: defaults and values are checked by nobody."""
        for name, pair in types.items():
            for key in keys:
                interfaces = pair.value.get(key)
                path = f"{section}.{name}.{key}"
                for interface, each in interfaces.pairs.items() if interfaces else ():
                    for operation, one in each.value.pairs.items():
                        self._check_operation(one.value, f"{path}.{interface}.{operation}.inputs")

    def _check_operation(self, operation: Value, path: str) -> None:
        inputs = operation.get("inputs")
        for name, pair in inputs.pairs.items() if inputs else ():
            where = child(path, name)
            self._details(pair, where)
            given = pair.value.pairs.get("constraints")
            if given and given.value.items:
                message = "constraints on an operation's input are not checked"
                self._report.note(message, given.key, child(where, "constraints"))

    def _parameter(self, pair: Pair, path: str) -> Parameter:
        schema = schemas(Value({"": pair}, pair.key), path)[""]
        value = pair.value
        detailed = self._details(pair, path)
        self._check_default(value, detailed, path)
        return replace(
            detailed,
            type=schema.type,
            default=plain(schema.default),
            has_default=schema.default is not None,
            required=schema.required,
            secret=bool(schema.secret),
        )

    def _details(self, pair: Pair, path: str) -> Parameter:
        """All but type, default and whether it is required."""
        value = pair.value
        label, hidden = value.get("display_label"), value.get("hidden")
        item_type, type_, display = value.get("item_type"), value.get("type"), value.get("display")
        if display is not None and not _is_of(type_, "textarea"):
            message = "'display' is only for inputs of type textarea"
            self._report.add("bad-display", message, display.place, child(path, "display"))
        if item_type is not None and not _is_of(type_, "list"):
            message = "'item_type' is only for the type list"
            self._report.add("item-type-without-list", message, item_type.place, child(path, "item_type"))
        rows = display.get("rows") if display else None
        return Parameter(
            description=text_of(value, "description"),
            display_label=label.text if label else None,
            hidden=hidden is not None and hidden.content is True,
            item_type=item_type.text if item_type else None,
            constraints=self._constraints(pair, path),
            display_rows=rows.content if rows and isinstance(rows.content, int) else None,
        )

    def _constraints(self, pair: Pair, path: str) -> tuple[Constraint, ...]:
        value, type_ = pair.value.get("constraints"), pair.value.get("item_type") or pair.value.get("type")
        where = child(path, "constraints")
        found = constraints.read(value, type_, where, self._report)
        if value is not None:
            self._calls.check(value, where, {})
        return found

    def _check_deployment(self, value: Value, found: tuple[Constraint, ...], path: str) -> None:
        """Some ids of an input are nothing without a deployment; a workflow's parameter has its own."""
        given, type_ = value.get("constraints"), value.get("item_type") or value.get("type")
        unread = given is not None and (given.is_bad or len(found) < len(given.items))
        if type_ and not unread and constraints.lacks_deployment(type_.text, found):
            message = f"the type '{type_.text}' needs the constraint 'deployment_id'"
            self._report.add("constraint-not-for-type", message, type_.place, path)

    def _check_default(self, value: Value, of: Parameter, path: str) -> None:
        default, type_ = value.get("default"), value.get("type")
        if default is None or default.is_bad or default.content is None:
            return
        path = child(path, "default")
        if function_of(default.pairs):
            if of.constraints:
                message = "a function cannot stand beside constraints"
                self._report.add("constrained-function", message, default.place, path)
            return
        name = type_.text if type_ else None
        before = self._report.count
        if name in self._types:
            at = Spot(default.place, path, "", path)
            self._types.filled(name or "", default, at, Filling(self._report, "data-type-violated"))
        else:
            check_value(default, name, path, self._report)
        if self._report.count == before:
            self._check_items(default, of, path)

    def _check_items(self, default: Value, of: Parameter, path: str) -> None:
        """A default, or each of its items where they have a type, against constraints."""
        if of.item_type is None:
            self._check_constraints(default, of, path)
            return
        for index, item in enumerate(default.items):
            where = child(path, index)
            before = self._report.count
            check_value(item, of.item_type, where, self._report)
            if self._report.count == before:
                self._check_constraints(item, of, where)

    def _check_constraints(self, value: Value, of: Parameter, path: str) -> None:
        data = plain(value)
        if value.is_bad or any(True for _ in calls_in(data)):
            return
        for one in of.constraints:
            wrong = constraints.violation(one, data)
            if wrong:
                self._report.add("constraint-violated", f"the default {wrong}", value.place, path)

    def data_types(self, types: Mapping[str, TypeInfo], section: Mapping[str, Pair]) -> dict[str, DataType]:
        """The data types as a plan has them."""
        return {
            name: DataType(
                of.hierarchy,
                {key: self._property(one) for key, one in of.properties.items()},
                text_of(section[name].value, "description"),
                text_of(section[name].value, "version"),
            )
            for name, of in types.items()
        }

    def runtime_properties(self, section: Mapping[str, Pair]) -> dict[str, dict[str, Parameter]]:
        """What node types say that operations will set; nothing of it is checked."""
        found: dict[str, dict[str, Parameter]] = {}
        for name, pair in section.items():
            declared = schemas(pair.value.get("runtime_properties"), "")
            if declared:
                found[name] = {key: self._property(one) for key, one in declared.items()}
        return found

    def _property(self, one: Schema) -> Parameter:
        default = self._types.default(one)
        return Parameter(
            one.type,
            one.description,
            plain(default),
            has_default=default is not None,
            required=one.required,
            secret=bool(one.secret),
        )


def check_defaults(
    types: Mapping[str, Pair], section: str, data_types: DataTypes, report: Report, key: str = "properties"
) -> None:
    """Report defaults of types' properties that do not fit their own type; one of null fits.

    key  under which a type has their schemas
    """
    for name, pair in types.items():
        properties = pair.value.get(key)
        path = f"{section}.{name}.{key}"
        for each, one in schemas(properties, path).items():
            default = one.default
            if default is None or default.content is None:
                continue
            at = Spot(default.place, child(child(path, each), "default"), "", path)
            if one.type in data_types:
                data_types.filled(one.type or "", default, at, Filling(report, missing=False))
            else:
                check_value(default, one.type, at.path, report)


def _is_of(type_: Value | None, name: str) -> bool:
    """Whether a declaration has this type, or may have it: what was reported is not spoken of again."""
    return type_ is not None and (type_.is_bad or type_.text == name)


def text_of(value: Value, key: str) -> str:
    """The text under a key; '' where there is none."""
    found = value.get(key)
    return (found.text or "") if found else ""
