"""Names of the older system's local mode that are here without it."""

from durable_wf.authoring.exceptions import StorageConflictError

__all__ = ["StorageConflictError"]
