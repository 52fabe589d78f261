"""Operations of the book shop. They stand in for real servers: what a server would hold, runtime properties hold."""

from hashlib import sha256

from cloudify import ctx
from cloudify.decorators import operation
from cloudify.exceptions import RecoverableError


@operation(resumable=True)
def listen(port, **_):
    """Begin to listen."""
    ctx.instance.runtime_properties["address"] = f"{ctx.instance.id}:{port}"


@operation(resumable=True)
def open_account(**_):
    """At the database: let the application in."""
    known = ctx.target.instance.runtime_properties
    known["readers"] = sorted({*known.get("readers", []), ctx.source.instance.id})
    ctx.target.instance.update()


@operation(resumable=True)
def log_in(password, tables, **_):
    """At the application: read the tables, as long as the database knows it."""
    if ctx.source.instance.id not in ctx.target.instance.runtime_properties.get("readers", []):
        raise RecoverableError("the database has no account for this application yet")
    known = ctx.source.instance.runtime_properties
    known["account"] = sha256(f"{ctx.source.instance.id} {password}".encode()).hexdigest()[:8]
    known["reads"] = {"tables": tables}
    ctx.source.instance.update()


@operation(resumable=True)
def add_backend(address, **_):
    """At the balancer: send customers to one more application."""
    known = ctx.source.instance.runtime_properties
    known["backends"] = sorted({*known.get("backends", []), address})
    ctx.source.instance.update()
