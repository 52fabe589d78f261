"""Exceptions as data, and back."""

from durable_wf.authoring.wire_errors import deserialize_known_exception, serialize_known_exception

__all__ = ["deserialize_known_exception", "serialize_known_exception"]
