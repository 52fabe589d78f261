"""Draws what declares values: properties, inputs, parameters, constraints, data types."""

from __future__ import annotations

import re
from typing import Any

from durable_wf.dsl.declared_shapes import (
    CONSTRAINT,
    DATA_TYPE,
    INPUT,
    OPEN_PROPERTY,
    OPERATORS,
    PARAMETER,
    PARAMETER_CONSTRAINT,
    PROPERTY,
)
from durable_wf.dsl.grammar import TYPES
from durable_wf.dsl.shapes import Record
from tests.dsl.fuzzing import functions
from tests.dsl.fuzzing.functions import Scope
from tests.dsl.fuzzing.world import Model, Prop, World

_IDS = ("deployment_id", "blueprint_id", "capability_value", "node_instance", "node_id", "node_type", "operation_name")
_IDS = (*_IDS, "scaling_group", "secret_key")
_FILTERED = ("filter_id", "labels", "tenants")
_LONGEST = 200
_SIZE = 3  # of the input `size`, so that functions can be arguments


class Declarations:
    """Draws them for one blueprint."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.scope: Scope | None = Scope()  # of functions in defaults; None: there are none
        for shape in (PROPERTY, OPEN_PROPERTY):
            world.makers[id(shape)] = lambda name, shape=shape: self.property(name, shape)[0]
        world.makers[id(INPUT)] = lambda name: self.declared(INPUT, name)[0]
        world.makers[id(PARAMETER)] = lambda name: self.declared(PARAMETER, name)[0]

    def property(self, production: str, shape: Record = PROPERTY) -> tuple[dict[str, Any], Prop]:
        """A schema, and what it says."""
        world = self._world
        given: dict[str, Any] = {}
        type_name = world.type_name() if world.chance(0.7) or world.wants(f"{production}.type") else None
        if type_name:
            given["type"] = type_name
        has_default = world.chance(0.4) or world.wants(f"{production}.default")
        secret = shape is PROPERTY and (world.chance(0.1) or world.wants(f"{production}.secret"))
        if secret:
            given["secret"] = True
        if has_default:
            is_open = self.scope is not None and not secret
            given["default"] = (
                functions.value(world, type_name, self.scope or Scope()) if is_open else world.fit(type_name)
            )
        optional = self._optional(given, production)
        made = world.fill(shape, given, production, owned=("type", "default", "required", "secret"))
        return made, Prop(type_name, not has_default and not optional, secret)

    def _optional(self, given: dict[str, Any], production: str) -> bool:
        world = self._world
        if not world.allowed((1, 2)) or not (world.chance(0.4) or world.wants(f"{production}.required")):
            return False
        given["required"] = world.chance(0.4)
        return not given["required"]

    def data_types(self, production: str = "data_types") -> dict[str, Any]:
        """The section; each may use those before it."""
        world, found = self._world, {}
        for _ in range(world.some(0, 3, production)):
            name, own = world.name(), f"{production}.*"
            parent = world.rng.choice(list(world.data_types)) if world.data_types and world.chance(0.5) else None
            given: dict[str, Any] = {"derived_from": parent} if parent else {}
            model = Model(dict(world.data_types[parent].props) if parent else {})
            self._properties(given, model, own)
            found[name] = world.fill(DATA_TYPE, given, own, owned=("derived_from", "properties"))
            world.data_types[name] = model
            world.document[production] = found
        if world.wants(f"{production}.*.derived_from"):
            name = world.name()
            found[name] = {"derived_from": next(iter(found))}
            world.data_types[name] = Model(dict(world.data_types[next(iter(found))].props))
        return found

    def _properties(self, given: dict[str, Any], model: Model, production: str) -> None:
        world, saved = self._world, self.scope
        self.scope = None
        if world.chance(0.9) or world.wants(f"{production}.properties"):
            schemas = {}
            for _ in range(world.some(0, 3, f"{production}.properties.*")):
                name = world.name()
                schemas[name], model.props[name] = self.property(f"{production}.properties.*")
            given["properties"] = schemas
        self.scope = saved

    # ------------------------------------------------------------------ inputs and parameters

    def declared(
        self, shape: Record, production: str, type_name: str | None = None
    ) -> tuple[dict[str, Any], bool, Any]:
        """A declaration, whether a value must be given, and a value that fits it."""
        world = self._world
        rows = {row.name for row in shape.fields}
        constraint = self._wanted_constraint(production)
        type_name = type_name or self._type_for(constraint, production)
        given: dict[str, Any] = {"type": type_name} if type_name else {}
        value = world.fit(type_name)
        if (
            type_name == "list"
            and world.allowed((1, 4))
            and (world.wants(f"{production}.item_type") or world.chance(0.3))
        ):
            item = self._item_type()
            given["item_type"] = item
            value = [world.fit(item) for _ in range(world.rng.randrange(3))]
        elif constraint is not None and type_name in {"textarea", "integer", None}:
            value = _SIZE if type_name == "integer" else world.rng.choice(("abc", "xyz"))
        has_default = world.chance(0.5) or world.wants(f"{production}.default")
        self._constrain(given, value, constraint, shape, production)
        if has_default:
            given["default"] = value
            if (
                not type_name
                and "constraints" not in given
                and shape is INPUT
                and world.chance(0.3)
                and self.scope is not None
            ):
                given["default"] = functions.call(world, self.scope)
        optional = self._optional(given, production)
        self._hide(given, production, can_hide=(has_default and value is not None) or optional)
        if (
            "display" in rows
            and type_name == "textarea"
            and (world.wants(f"{production}.display") or world.chance(0.5))
        ):
            given["display"] = {"rows": world.rng.randint(1, 9)} if world.chance(0.8) or world.wanted else {}
        owned = ("type", "default", "required", "constraints", "item_type", "display", "hidden")
        is_needed = not optional and (not has_default or value is None)
        made = world.fill(shape, given, production, owned)
        if made.get("secret") is True and "default" in made:
            made["default"] = value  # it may come from no input that is stored
        return made, is_needed, value

    def _hide(self, given: dict[str, Any], production: str, *, can_hide: bool) -> None:
        world = self._world
        if world.allowed((1, 3)) and (world.wants(f"{production}.hidden") or world.chance(0.1)):
            given["hidden"] = can_hide and world.chance(0.7)

    def _wanted_constraint(self, production: str) -> str | None:
        """The operator that is to be used, '' for any; None: no constraint need be there."""
        world, prefix = self._world, f"{production}.constraints"
        if not world.wants(prefix):
            return None
        rest = world.wanted.removeprefix(f"{prefix}[].")
        return next((one for one in sorted(OPERATORS, key=len, reverse=True) if rest.startswith(one)), "")

    def _type_for(self, constraint: str | None, production: str) -> str | None:
        world = self._world
        if world.wants(f"{production}.item_type"):
            return "list"
        if world.wants(f"{production}.display"):
            return "textarea"
        if constraint in _FILTERED:
            return "deployment_id"
        if constraint in {"name_pattern", "deployment_id"}:
            return world.rng.choice(("node_id", "node_type", "scaling_group"))
        if constraint is not None:
            number = constraint in {"", "equal", "in_range"} or "than" in constraint or "or_equal" in constraint
            return "integer" if number else world.rng.choice((None, "textarea"))
        return world.type_name() if world.chance(0.8) or world.wants(f"{production}.type") else None

    def _item_type(self) -> str:
        return self._world.rng.choice(("string", "integer", "float", "boolean", "dict", "regex"))

    def _constrain(self, given: dict[str, Any], value: Any, wanted: str | None, shape: Record, production: str) -> None:
        world, type_name = self._world, given.get("type")
        found = []
        if type_name in {"capability_value", "node_instance"}:
            found.append({"deployment_id": self._maybe("d", {"string_lower": "D"}, production)})
        if wanted is not None or (world.chance(0.3) and type_name not in world.data_types and "item_type" not in given):
            operators = [wanted] if wanted else self._operators(type_name, value)
            chosen = operators[: world.rng.randint(1, 3)]
            found += [{name: self._argument(name, value, f"{production}.constraints[].{name}")} for name in chosen]
        names = [next(iter(one)) for one in found]
        if (
            "name_pattern" in names
            and "deployment_id" not in names
            and type_name not in {"deployment_id", "blueprint_id", "secret_key"}
        ):
            found.append({"deployment_id": "d"})
        if found and shape is INPUT and world.allowed((1, 5)):
            for one in found:
                if world.wants(f"{production}.constraints[].error_message") or world.chance(0.2):
                    one["error_message"] = world.text()
        if found or world.wants(f"{production}.constraints"):
            given["constraints"] = found

    def _operators(self, type_name: str | None, value: Any) -> list[str]:
        if type_name in _IDS:
            rows = ["name_pattern", *(_FILTERED if type_name in _IDS[:2] else ())]
        elif isinstance(value, bool) or value is None:
            rows = ["valid_values"]
        elif isinstance(value, int | float):
            rows = [
                "greater_or_equal",
                "less_or_equal",
                "greater_than",
                "less_than",
                "equal",
                "in_range",
                "valid_values",
            ]
        elif isinstance(value, str):
            rows = ["length", "min_length", "max_length", "pattern", "valid_values"]
        else:
            rows = ["length", "min_length", "max_length"]
        self._world.rng.shuffle(rows)
        return rows

    def _argument(self, name: str, value: Any, production: str) -> Any:
        """An argument that `value` holds."""
        world = self._world
        if name in {"greater_or_equal", "less_or_equal", "greater_than", "less_than", "equal"}:
            return self._number(name, value, production)
        if name == "in_range":
            if world.wants(f"{production}|ListOf[]|FunctionCall"):
                return [{"string_find": ["y", "y"]}, value + 1]
            call = {"get_input": ["deep", "list"]} if 1 <= value <= 9 else None
            return self._maybe([value if world.chance(0.5) else value - 2, value + 1], call, production)
        if name == "valid_values":
            call = {"string_split": [value, "#"]} if isinstance(value, str) and "#" not in value and value else None
            return self._maybe([world.name(), value], call, production)
        if name in {"length", "min_length", "max_length"}:
            size = len(value) + {"length": 0, "min_length": -1, "max_length": 1}[name]
            return self._maybe(size, {"get_input": "size"} if len(value) == _SIZE else None, production)
        if name == "pattern":
            literal = re.escape(value[:3])
            return self._maybe(literal, {"string_lower": ""}, production)
        if name == "name_pattern":
            return self._name_pattern(production)
        if name in {"labels", "tenants"}:
            return self._maybe([world.data(2)], {"string_split": ["a,b", ","]}, production)
        return self._maybe(world.name(), world.known("text"), production)

    def _number(self, name: str, value: Any, production: str) -> Any:
        number = value + {"greater_than": -1, "less_than": 1}.get(name, 0)
        call = (
            {"string_find": ["x" * number + "y", "y"]} if isinstance(number, int) and 0 <= number < _LONGEST else None
        )
        return self._maybe(number, call, production)

    def _maybe(self, literal: Any, call: Any, production: str) -> Any:
        """The literal, or the call if it is wanted or by chance."""
        world = self._world
        if call is not None and world.wants(f"{production}|FunctionCall"):
            return call
        wants_other = world.wants(production)
        return call if call is not None and not wants_other and world.chance(0.3) else literal

    def _name_pattern(self, production: str) -> dict[str, Any]:
        world, found = self._world, {}
        base = f"{production}|Record"
        for key in ("starts_with", "ends_with", "contains", "equals_to"):
            if not (world.wants(f"{base}.{key}") or world.chance(0.3)):
                continue
            if world.wants(f"{base}.{key}|ListOf[]|FunctionCall"):
                found[key] = [world.known("text")]
            elif world.wants(f"{base}.{key}|ListOf") or world.chance(0.3):
                found[key] = ["a", "b"]
            elif world.wants(f"{base}.{key}|FunctionCall") or world.chance(0.2):
                found[key] = world.known("text")
            else:
                found[key] = "a"
        return found

    def inputs(self) -> dict[str, Any]:
        """The section: some that functions name, and others."""
        world = self._world
        found: dict[str, Any] = {
            "region": {"default": "west"},
            "size": {"type": "integer", "default": _SIZE},
            "deep": {"default": {"list": [1, 9], "x": {"y": None}}},
        }
        types = [None] * world.some(0, 3, "inputs")
        if world.wanted.startswith("type "):
            types.append(world.wanted.removeprefix("type "))
        for type_name in types:
            name = world.name()
            found[name], needed, value = self.declared(INPUT, "inputs.*", type_name)
            if needed:
                world.given[name] = value
        return found


__all__ = ["CONSTRAINT", "PARAMETER_CONSTRAINT", "TYPES", "Declarations"]
