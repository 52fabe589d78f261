"""Stand-ins for contexts, for tests of operations."""

from durable_wf.authoring.mocks import (
    MockCloudifyContext,
    MockContext,
    MockNodeContext,
    MockNodeInstanceContext,
    MockRelationshipContext,
    MockRelationshipSubjectContext,
)

__all__ = [
    "MockCloudifyContext",
    "MockContext",
    "MockNodeContext",
    "MockNodeInstanceContext",
    "MockRelationshipContext",
    "MockRelationshipSubjectContext",
]
