"""Functions of the blueprint language that are made elsewhere."""

from durable_wf.dsl.custom import Function, register, unregister

__all__ = ["Function", "register", "unregister"]
