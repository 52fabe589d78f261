"""Stored objects as the older system's storage gives them: dicts whose keys are attributes too."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from durable_wf.model.plan import Node, Plugin
    from durable_wf.model.protocol import InstanceData


class Raw(dict[str, Any]):
    """A copy of something stored; `raw.id` is `raw["id"]`.

    raises  AttributeError for a name that it does not have
    """

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            text = f"there is no '{name}' in it; there is {', '.join(map(str, self))}"
            raise AttributeError(text) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value


def raw_instance(data: InstanceData, deployment: str | None) -> Raw:
    """A node instance under the reference's names (blueprint-dsl §15)."""
    return Raw(
        id=data.id,
        node_id=data.node,
        deployment_id=deployment,
        index=data.index,
        state=data.state,
        version=data.version,
        host_id=data.host_id,
        runtime_properties=deepcopy(data.runtime_properties),
        system_properties=deepcopy(data.system_properties),
        relationships=deepcopy(data.relationships),
        scaling_groups=deepcopy(data.scaling_groups),
    )


def raw_node(plan: Node, deployment: str | None, plugins: list[Raw], counts: tuple[int, int]) -> Raw:
    """A node under the reference's names.

    counts  its present and its planned number of instances
    """
    return Raw(
        id=plan.name,
        name=plan.name,
        deployment_id=deployment,
        type=plan.type,
        type_hierarchy=list(plan.type_hierarchy),
        properties=deepcopy(dict(plan.properties)),
        host_id=plan.host_id,
        number_of_instances=counts[0],
        planned_number_of_instances=counts[1],
        deploy_number_of_instances=plan.number_of_instances,
        min_number_of_instances=plan.scalable.min_instances,
        max_number_of_instances=plan.scalable.max_instances,
        plugins=plugins,
        relationships=[
            Raw(
                type=one.type,
                type_hierarchy=list(one.type_hierarchy),
                target_id=one.target,
                properties=deepcopy(dict(one.properties)),
            )
            for one in plan.relationships
        ],
    )


def raw_plugin(plugin: Plugin) -> Raw:
    """A plugin under the reference's names."""
    return Raw(
        name=plugin.name,
        executor=plugin.executor,
        source=plugin.source,
        install=plugin.install,
        install_arguments=plugin.install_arguments,
        package_name=plugin.package_name,
        package_version=plugin.package_version,
        supported_platform=plugin.supported_platform,
        distribution=plugin.distribution,
        distribution_version=plugin.distribution_version,
        distribution_release=plugin.distribution_release,
        properties=deepcopy(dict(plugin.properties)),
    )
