"""The page goes with the server's folder; what is left is to forget it."""

from cloudify import ctx

ctx.instance.runtime_properties.pop("page", None)
