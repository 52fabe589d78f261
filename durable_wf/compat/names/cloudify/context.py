"""The context of operations and its parts."""

from durable_wf.authoring.operation_ctx import (
    COMPUTE_NODE_TYPE,
    DEPLOYMENT,
    NODE_INSTANCE,
    RELATIONSHIP_INSTANCE,
    BlueprintContext,
    BootstrapContext,
    CommonContext,
    ContextCapabilities,
    DeploymentContext,
    ImmutableProperties,
    NodeContext,
    NodeInstanceContext,
    PluginContext,
    RelationshipContext,
    RelationshipSubjectContext,
)
from durable_wf.authoring.operation_ctx import OperationContext as CloudifyContext
from durable_wf.authoring.operation_ctx import OperationInfo as OperationContext

__all__ = [
    "COMPUTE_NODE_TYPE",
    "DEPLOYMENT",
    "NODE_INSTANCE",
    "RELATIONSHIP_INSTANCE",
    "BlueprintContext",
    "BootstrapContext",
    "CloudifyContext",
    "CommonContext",
    "ContextCapabilities",
    "DeploymentContext",
    "ImmutableProperties",
    "NodeContext",
    "NodeInstanceContext",
    "OperationContext",
    "PluginContext",
    "RelationshipContext",
    "RelationshipSubjectContext",
]
