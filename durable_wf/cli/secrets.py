"""`secrets …`: what get_secret gives. Values are read from standard input or a prompt, and never shown."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from durable_wf.cli.calls import Call
from durable_wf.cli.output import clean, columns
from durable_wf.errors import UsageError

if TYPE_CHECKING:
    from durable_wf.sources.secrets import SecretStores

Name = Annotated[str, typer.Argument(metavar="NAME", help="The secret's name.")]
InKeyring = Annotated[bool, typer.Option("--keyring", help="Keep it in the system's keyring, not in the file.")]


@dataclass(frozen=True, slots=True)
class SecretRecord:
    """A secret, without its value.

    store  `environment`, `keyring`, or the file's path
    """

    name: str
    store: str


@dataclass(frozen=True, slots=True)
class DeletedSecret:
    """That a secret was deleted, and from which stores."""

    name: str
    stores: list[str]


def set_(call: Call, name: Name, keyring: InKeyring = False) -> None:
    """Keep the value of a secret. It is read from standard input, or asked for on a terminal."""
    stores = call.secrets()
    place = stores.set(name, _value(), in_keyring=keyring)
    call.out.data(SecretRecord(name, place), [])
    call.out.note(f"secret '{clean(name)}' is kept in {clean(place)}")
    if stores.environment.get(name) is not None:
        call.out.note("the environment has this name too, and is asked first")


def _value() -> str:
    """One value; a line's end after it, as `echo` writes it, is not part of it."""
    if sys.stdin is None or sys.stdin.isatty():
        text: str = typer.prompt("value", hide_input=True, default="", show_default=False, err=True)
    else:
        try:
            text = sys.stdin.buffer.read().decode()
        except UnicodeDecodeError as error:
            hint = "encode it, such as with base64"
            raise UsageError("the value of a secret is text, and this is not UTF-8", hint=hint) from error
        text = text.removesuffix("\n").removesuffix("\r")
    return text


def list_(call: Call) -> None:
    """List the names of the secrets that there are, and which store answers for each."""
    stores = call.secrets()
    found = [SecretRecord(one.name, one.store) for one in stores.listed()]
    rows = [(clean(one.name), clean(one.store)) for one in found]
    lines = columns([("SECRET", "STORE"), *rows]) if rows else []
    call.out.items(found, lines if call.out.level >= 0 else [clean(one.name) for one in found])
    if not found:
        call.out.note(f"no secrets; looked in: {_places(stores)}")
        call.out.note("to begin: durable-wf secrets set NAME")


def _places(stores: SecretStores) -> str:
    return ", ".join(clean(one.title) for one in stores.stores)


def delete(call: Call, name: Name) -> None:
    """Delete a secret from the file and the keyring."""
    found = call.secrets().delete(name)
    call.out.data(DeletedSecret(name, found), [])
    call.out.note(f"deleted secret '{clean(name)}' from {clean(', '.join(found))}")
