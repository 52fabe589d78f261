"""States of what the engine stores."""

from durable_wf.compat.models_states import DeploymentModificationState, ExecutionState

__all__ = ["DeploymentModificationState", "ExecutionState"]
