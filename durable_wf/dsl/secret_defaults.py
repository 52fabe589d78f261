"""Values that a blueprint itself gives to what it declares secret: defaults, and properties of plugins. Pure.

Source: design.md "Secrets", L10; docs/secrets.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from durable_wf.dsl.hiding import WHOLE, Hide, Secrets, hidden
from durable_wf.model.declarations import DataType, Parameter
from durable_wf.model.plan import Blueprint, Plugin, Workflow


def without_defaults(blueprint: Blueprint, used: Mapping[str, tuple[Any, Any]], hide: Hide) -> Blueprint:
    """The blueprint without secret values in its declarations; records that have none are the same.

    used   inputs with secret parts: the value with them, and without. A default that is the value is not kept twice
    """
    secrets = Secrets(blueprint.data_types)
    run = _Defaults(secrets, hide)
    taken = {name: kept for name, (value, kept) in used.items() if blueprint.inputs[name].default == value}
    inputs = {
        name: replace(one, default=taken[name]) if name in taken else one for name, one in blueprint.inputs.items()
    }
    return replace(
        blueprint,
        inputs=run.of(inputs, "inputs"),
        workflows={name: run.workflow(flow) for name, flow in blueprint.workflows.items()},
        data_types={name: run.data_type(name, one) for name, one in blueprint.data_types.items()},
        plugins={name: run.plugin(one) for name, one in blueprint.plugins.items()},
    )


class _Defaults:
    def __init__(self, secrets: Secrets, hide: Hide) -> None:
        self._secrets = secrets
        self._hide = hide

    def of(self, declared: Mapping[str, Parameter], path: str) -> Mapping[str, Parameter]:
        ways = {name: found for name, one in declared.items() if one.has_default and (found := self._secrets.ways(one))}
        if not ways:
            return declared
        return {
            name: replace(one, default=hidden(one.default, ways.get(name, ()), f"{path}.{name}.default", self._hide))
            for name, one in declared.items()
        }

    def workflow(self, flow: Workflow) -> Workflow:
        parameters = self.of(flow.parameters, f"workflows.{flow.name}.parameters")
        return flow if parameters is flow.parameters else replace(flow, parameters=parameters)

    def data_type(self, name: str, one: DataType) -> DataType:
        properties = self.of(one.properties, f"data_types.{name}.properties")
        return one if properties is one.properties else replace(one, properties=properties)

    def plugin(self, plugin: Plugin) -> Plugin:
        found = {
            name: {**one, "value": hidden(one["value"], WHOLE, f"plugins.{plugin.name}.properties.{name}", self._hide)}
            for name, one in plugin.properties.items()
            if isinstance(one, dict) and one.get("secret") is True and "value" in one
        }
        return replace(plugin, properties={**plugin.properties, **found}) if found else plugin
