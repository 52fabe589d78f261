"""Stand-ins for contexts, for tests that call an operation directly. Source: reference/workflow-api.md §7.10.

    current_ctx.set(MockCloudifyContext(node_id="web_1", properties={"port": 80}))

A mock is lenient where the engine's contexts are strict: it has a node and an instance whatever it was made with.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from durable_wf.authoring.operation_ctx import (
    DEPLOYMENT,
    NODE_INSTANCE,
    RELATIONSHIP_INSTANCE,
    BootstrapContext,
    ContextCapabilities,
    ImmutableProperties,
    OperationContext,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


class MockContext(dict[str, Any]):
    """A mapping whose entries are attributes too."""

    def __init__(self, values: Mapping[str, Any] | None = None) -> None:
        super().__init__(values or {})

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            text = f"this MockContext has no '{name}'; it has: {', '.join(sorted(self)) or 'nothing'}"
            raise AttributeError(text) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value


class MockNodeContext:
    """A node. `id` is its name."""

    def __init__(
        self, id: str | None = None, properties: dict[str, Any] | None = None, type: str | None = None
    ) -> None:
        self.id = self.name = id
        self.properties = {} if properties is None else properties
        self.type = type
        self.type_hierarchy = [] if type is None else [type]
        self.number_of_instances = 1


class MockNodeInstanceContext:
    """A node instance. The mapping that was given is the one that an operation changes."""

    def __init__(
        self,
        id: str | None = None,
        runtime_properties: dict[str, Any] | None = None,
        relationships: list[Any] | None = None,
        index: int | None = None,
    ) -> None:
        self.id = id
        self.runtime_properties = {} if runtime_properties is None else runtime_properties
        self.relationships = relationships
        self.index = index

    def update(self) -> None:
        """Nothing: there is no storage."""

    def refresh(self, force: bool = False) -> None:
        """Nothing: there is no storage."""
        del force


class MockRelationshipContext:
    """A relationship, seen from its source."""

    def __init__(self, target: Any, type: str | None = None) -> None:
        self.target = target
        self.type = type
        self.type_hierarchy = [] if type is None else [type]


class MockRelationshipSubjectContext:
    """One end of a relationship."""

    def __init__(self, node: Any, instance: Any) -> None:
        self.node = node
        self.instance = instance


class MockCloudifyContext(OperationContext):
    """A context of an operation, without an engine.

    node_id     the instance's id; `node_name` the node's
    operation   `name`, `retry_number`, `max_retries`, `relationship`; what is left out is as in a first attempt
    resources   path → what `get_resource` and `download_resource` return for it
    raises      ValueError for capabilities that are no ContextCapabilities
    """

    def __init__(
        self,
        node_id: str | None = None,
        node_name: str | None = None,
        node_type: str | None = None,
        blueprint_id: str | None = None,
        deployment_id: str | None = None,
        execution_id: str | None = None,
        properties: dict[str, Any] | None = None,
        runtime_properties: dict[str, Any] | None = None,
        relationships: list[Any] | None = None,
        capabilities: ContextCapabilities | None = None,
        related: Any = None,
        source: Any = None,
        target: Any = None,
        operation: dict[str, Any] | None = None,
        resources: dict[str, Any] | None = None,
        tenant: dict[str, Any] | None = None,
        rest_token: str | None = None,
        provider_context: dict[str, Any] | None = None,
        bootstrap_context: BootstrapContext | None = None,
        config: list[Any] | None = None,
        brokers: list[Any] | None = None,
        managers: list[Any] | None = None,
        index: int | None = None,
    ) -> None:
        if capabilities is not None and not isinstance(capabilities, ContextCapabilities):
            text = f"capabilities is a {type(capabilities).__name__}; it must be a ContextCapabilities"
            raise ValueError(text)
        super().__init__({"blueprint_id": blueprint_id, "deployment_id": deployment_id, "operation": operation})
        self.execution_id = execution_id  # type: ignore[assignment]  # None where none was given, as there
        self.rest_token = rest_token
        self.related = related
        self._node = MockNodeContext(node_name, ImmutableProperties(properties or {}), node_type)
        self._instance = MockNodeInstanceContext(node_id, runtime_properties, relationships, index)
        self._source = MockContext() if source is None and target is not None else source
        self._target = target
        self._has_node = any(given is not None for given in (node_id, node_name, properties, runtime_properties))
        self._resources = resources or {}
        self._given_capabilities = capabilities or ContextCapabilities()
        self._tenant = tenant or {}
        self._provider_context = provider_context or {}
        self._bootstrap_context = bootstrap_context or BootstrapContext({})
        self._config = config or []
        self._brokers = brokers or []
        self._managers = managers or []

    # ------------------------------------------------------------------ what it is about

    @property
    def type(self) -> str:
        """By what it was made with."""
        if self._source is not None:
            return RELATIONSHIP_INSTANCE
        return NODE_INSTANCE if self._has_node else DEPLOYMENT

    @property
    def node(self) -> Any:
        """A MockNodeContext."""
        return self._node

    @property
    def instance(self) -> Any:
        """A MockNodeInstanceContext."""
        return self._instance

    @property
    def source(self) -> Any:
        """What was given; an empty MockContext where only the target was."""
        return self._source

    @property
    def target(self) -> Any:
        """What was given."""
        return self._target

    def __contains__(self, key: str) -> bool:
        return key in self._node.properties or key in self._instance.runtime_properties

    def __getitem__(self, key: str) -> Any:
        found = self._node.properties if key in self._node.properties else self._instance.runtime_properties
        return found[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._instance.runtime_properties[key] = value

    # ------------------------------------------------------------------ what was given

    @property
    def capabilities(self) -> ContextCapabilities:
        """What was given; otherwise empty."""
        return self._given_capabilities

    @property
    def provider_context(self) -> dict[str, Any]:
        """What was given."""
        return self._provider_context

    @property
    def bootstrap_context(self) -> BootstrapContext:
        """What was given; otherwise empty."""
        return self._bootstrap_context

    @property
    def tenant(self) -> dict[str, Any]:
        """What was given."""
        return self._tenant

    @property
    def logger(self) -> logging.Logger:
        """A logger like any other: pytest's `caplog` has its lines."""
        logger = logging.getLogger("durable_wf.mock_ctx")
        logger.setLevel(logging.DEBUG)
        return logger

    def get_config(self, name: str | None = None, scope: str | None = None) -> list[Any]:
        """What was given."""
        del name, scope
        return self._config

    def get_brokers(self, network: str = "default") -> list[Any]:
        """What was given."""
        del network
        return self._brokers

    def get_managers(self, network: str = "default") -> list[Any]:
        """What was given."""
        del network
        return self._managers

    def get_resource(self, resource_path: str) -> Any:
        """What was given for the path.

        raises  RuntimeError where nothing was
        """
        if resource_path not in self._resources:
            text = f"no resource '{resource_path}' was given; there are: {', '.join(sorted(self._resources)) or 'none'}"
            raise RuntimeError(text)
        return self._resources[resource_path]

    def download_resource(self, resource_path: str, target_path: str | None = None) -> Any:
        """What was given for the path; nothing is copied.

        raises  RuntimeError where nothing was given, or a target path is
        """
        if target_path is not None:
            text = f"a mock writes no file; leave target_path out ('{target_path}')"
            raise RuntimeError(text)
        return self.get_resource(resource_path)
