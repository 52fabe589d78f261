"""Hands secrets out, remembers what it has handed out, and keeps that out of all that is stored or said (L10).

What is stored of a secret is its reference, the call that gives it: `{"get_secret": "name"}`. One vault serves a
process, as loggers do: what one execution was given, no other may store either.

Not covered: what a plugin derives from a value (base64, a hash, a part of it; of a secret that is JSON, parts of fewer
than six characters that it takes out itself), and what a plugin itself prints or sends.

Source: design.md "Secrets", L10.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol

from durable_wf.errors import DurableError
from durable_wf.sources.secrets import secret_stores

SHORTEST = 6  # characters of a value that is looked for inside texts
_MOST_PARTS = 10_000  # of one JSON secret


class SecretInValue(DurableError):
    """A value to be stored has a secret inside of it. Names the key, never the value."""

    code = "secret-in-value"
    explanation = (
        "A result or a property may be a secret as it is: then its name is stored. A text that has a secret inside "
        "of it is not stored. Keep the parts apart, or use concat of get_secret where the text is needed."
    )


class Source(Protocol):
    """Where values come from (`sources.secrets.SecretStores`)."""

    def get(self, name: str) -> str | None:
        """The value of a secret, or None."""
        ...


class Vault:
    """What was handed out in this process.

    make_source  gives the store, when the first secret is asked for
    """

    def __init__(self, make_source: Callable[[], Source]) -> None:
        self._make_source = make_source
        self._source: Source | None = None
        self._lock = threading.Lock()
        self._references: dict[str, Any] = {}  # by value
        self._inside: re.Pattern[str] | None = None  # values that are looked for inside texts

    def use(self, source: Source | None) -> None:
        """Ask another store from now on; None: the default. What was handed out stays known."""
        self._source = source

    def forget(self) -> None:
        """Know nothing that was handed out any more."""
        with self._lock:
            self._references, self._inside = {}, None

    @property
    def knows(self) -> bool:
        """Whether anything was handed out."""
        return bool(self._references)

    def has(self, name: str) -> bool:
        """Whether there is such a secret. Its value is not handed out by this."""
        return self._read(name) is not None

    def value(self, name: str) -> str:
        """The value of a secret. raises KeyError; SecretsError where the store cannot be read."""
        text = self._read(name)
        if text is None:
            raise KeyError(name)
        if self._references.get(text) != name:
            self._learn(text, name, [(part, [name, *path]) for part, path in _parts(text) if len(part) >= SHORTEST])
        return text

    def told(self, name: str, keys: Sequence[Any], value: Any) -> None:
        """Know what was taken out of a secret that is JSON: the texts and numbers in `value`, which is under `keys`."""
        found = [(part, [name, *keys, *path]) for part, path in _leaves(value)]
        self._learn("", None, [(part, reference) for part, reference in found if part not in self._references])

    def _read(self, name: str) -> str | None:
        if self._source is None:
            self._source = self._make_source()
        return self._source.get(name)

    def _learn(self, text: str, reference: Any, parts: Iterable[tuple[str, Any]]) -> None:
        found: dict[str, Any] = {}
        for part, of_part in parts:
            found.setdefault(part, of_part)
        with self._lock:
            known = {**found, **self._references}
            if text:
                known[text] = reference
            self._inside = _pattern(known)
            self._references = known

    # ------------------------------------------------------------------ what is said

    def masked_text(self, text: str) -> str:
        """The text with the name of a secret in the place of its value. A short value is masked as a whole word."""
        inside, references = self._inside, self._references
        if inside is None:
            return text
        return inside.sub(lambda match: _mask(references.get(match.group())), text)

    def masked(self, data: Any) -> Any:
        """Data with every text in it masked, keys too."""
        if self._inside is None:
            return data
        if isinstance(data, str):
            return self.masked_text(data)
        if isinstance(data, dict):
            return {self.masked(key): self.masked(item) for key, item in data.items()}
        if isinstance(data, list | tuple):
            return [self.masked(item) for item in data]
        return self.masked_text(str(data)) if _is_number(data) and self._is_inside(str(data)) else data

    def _is_inside(self, text: str) -> bool:
        return self._inside is not None and self._inside.search(text) is not None and len(text) >= SHORTEST

    # ------------------------------------------------------------------ what is stored

    def concealed(self, data: Any, what: str) -> Any:
        """Data to be stored: a value that is a secret as its reference.

        what    how to name the data in an error
        raises  SecretInValue where a text or a key has a secret inside of it
        """
        if not self._references:
            return data
        if isinstance(data, str):
            reference = self._references.get(data)
            return self._checked(data, what) if reference is None else {"get_secret": reference}
        if isinstance(data, dict):
            if is_reference(data):
                return data
            return {
                self._checked(key, f"a key of {what}"): self.concealed(item, f"{what}.{key}")
                for key, item in data.items()
            }
        if isinstance(data, list | tuple):
            return [self.concealed(item, f"{what}[{index}]") for index, item in enumerate(data)]
        if _is_number(data):  # its reference might give a text
            self._checked(str(data), what)
        return data

    def _checked(self, text: Any, what: str) -> Any:
        inside = self._inside
        matches = inside.finditer(text) if inside is not None and isinstance(text, str) else ()
        found = next((one for one in matches if len(one.group()) >= SHORTEST), None)
        if found is not None:
            name = _name(self._references.get(found.group()))
            text = f"{self.masked_text(what)} has the secret '{name}' inside of it; it is not stored"
            raise SecretInValue(text, hint="keep the secret's value apart, as a text of its own, or do not return it")
        return text

    def revealed(self, data: Any) -> Any:
        """A copy of stored data, with the values of its secrets; the reference of one that is gone stays.

        data  as JSON gives it
        """
        if isinstance(data, dict):
            if is_reference(data):
                return self._resolved(data)
            return {key: self.revealed(item) for key, item in data.items()}
        if isinstance(data, list):
            return [self.revealed(item) for item in data]
        return data

    def _resolved(self, reference: dict[str, Any]) -> Any:
        given = reference["get_secret"]
        as_it_is = {"get_secret": list(given) if isinstance(given, list) else given}
        name, *path = given if isinstance(given, list) else [given]
        try:
            value: Any = self.value(name)
            if path:
                value = json.loads(value)
                for key in path:
                    value = value[key]
        except (KeyError, IndexError, TypeError, ValueError):
            return as_it_is
        return value


def is_reference(data: Any) -> bool:
    """Whether data is the reference of a secret: a call of get_secret with a literal name."""
    if not isinstance(data, dict) or len(data) != 1 or "get_secret" not in data:
        return False
    given = data["get_secret"]
    parts = given if isinstance(given, list) else [given]
    return bool(parts) and isinstance(parts[0], str) and all(isinstance(part, str | int) for part in parts)


def _parts(text: str) -> Iterator[tuple[str, list[str | int]]]:
    """The texts and numbers in a secret that is JSON, each with the way to it."""
    if text.lstrip()[:1] not in ("{", "["):
        return
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return
    yield from _leaves(value)


def _leaves(value: Any) -> Iterator[tuple[str, list[str | int]]]:
    left: list[tuple[Any, list[str | int]]] = [(value, [])]
    for count, (part, path) in enumerate(left):  # grows while it is walked
        if count >= _MOST_PARTS:
            return
        if isinstance(part, dict):
            left.extend((item, [*path, key]) for key, item in part.items())
        elif isinstance(part, list):
            left.extend((item, [*path, index]) for index, item in enumerate(part))
        elif (isinstance(part, str) and part) or (_is_number(part) and len(str(part)) >= SHORTEST):
            yield str(part), path


def _is_number(data: Any) -> bool:
    return isinstance(data, int | float) and not isinstance(data, bool)


def _pattern(values: dict[str, Any]) -> re.Pattern[str] | None:
    """Any of the values, longer ones first; a short one as a whole word only."""
    words = [
        re.escape(one) if len(one) >= SHORTEST else rf"(?<!\w){re.escape(one)}(?!\w)"
        for one in sorted(values, key=lambda one: (-len(one), one))
    ]
    return re.compile("|".join(words)) if words else None


def _name(reference: Any) -> str:
    return ".".join(map(str, reference)) if isinstance(reference, list) else str(reference)


def _mask(reference: Any) -> str:
    return f"<secret {_name(reference)}>"


VAULT = Vault(lambda: secret_stores(os.environ))
"""The process's."""
