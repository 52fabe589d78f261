"""Hands secrets out, remembers what it has handed out, and keeps that out of all that is stored or said (L10).

What is stored of a secret is its reference, the call that gives it: `{"get_secret": "name"}`. One vault serves a
process, as loggers do: what one execution was given, no other may store either.

Known forms of a value (`forms.py`) are masked too, and not stored inside of a text. Not covered: whatever else a plugin
derives from a value (a hash, a part of it; of a secret that is JSON, parts of fewer than six characters that it takes
out itself), and what a plugin itself prints or sends. docs/secrets.md has examples.

Source: design.md "Secrets", L10.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from durable_wf.errors import DurableError
from durable_wf.sources.forms import SHORTEST, forms, lines_of
from durable_wf.sources.redactor import Finder
from durable_wf.sources.secrets import SecretsError, secret_stores

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


@runtime_checkable
class WritableSource(Source, Protocol):
    """A store that values can be put into."""

    def keep(self, values: Mapping[str, str]) -> None:
        """Keep all of the values, or none. raises SecretsError."""
        ...

    def drop(self, names: Iterable[str]) -> None:
        """Forget values; nothing where there are none. raises SecretsError."""
        ...


class _Unkept(str):
    """Stands for a reference: the path of a value that was declared secret, and that no store has."""

    __slots__ = ()


class Vault:
    """What was handed out in this process.

    make_source  gives the store, when the first secret is asked for
    """

    def __init__(self, make_source: Callable[[], Source]) -> None:
        self._make_source = make_source
        self._source: Source | None = None
        self._lock = threading.Lock()
        self._references: dict[str, Any] = {}  # by value
        self._words: _Words | None = None

    def use(self, source: Source | None) -> None:
        """Ask another store from now on; None: the default. What was handed out stays known."""
        self._source = source

    def forget(self) -> None:
        """Know nothing that was handed out any more."""
        with self._lock:
            self._references, self._words = {}, None

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
            self._learn({part: [name, *path] for part, path in _backwards(_parts(text)) if len(part) >= SHORTEST})
            self._learn({text: name}, over=True)
        return text

    def hide(self, path: str, value: Any) -> None:
        """Know a value that was declared secret, before it is in a store or if it never will be.

        path   what it is called in its place
        """
        parts = [value] if isinstance(value, str) else [part for part, _ in _leaves(value)]
        self._learn({part: _Unkept(path) for part in parts if part not in self._references})

    def made(self, of: str, value: Any) -> None:
        """Know what a function of the language made of a secret: texts of six characters or more, which no store has.

        of   what they are called in their place
        """
        parts = [value] if isinstance(value, str) else [part for part, _ in _leaves(value)]
        self._learn({part: _Unkept(of) for part in parts if len(part) >= SHORTEST and part not in self._references})

    def keep(self, values: Mapping[str, str]) -> None:
        """Put values into the store, all or none, and know them.

        raises  SecretsError
        """
        if not values:
            return
        source = self._store()
        if not isinstance(source, WritableSource):
            raise SecretsError("the store of secrets cannot be written")
        source.keep(values)
        for name in values:
            self.value(name)

    def drop(self, names: Iterable[str]) -> None:
        """Take values out of the store. What was handed out stays known.

        raises  SecretsError
        """
        source = self._store()
        if isinstance(source, WritableSource):
            source.drop(names)

    def told(self, name: str, keys: Sequence[Any], value: Any) -> None:
        """Know what was taken out of a secret that is JSON: the texts and numbers in `value`, which is under `keys`."""
        self._learn({part: [name, *keys, *path] for part, path in _backwards(_leaves(value))})

    def _read(self, name: str) -> str | None:
        return self._store().get(name)

    def _store(self) -> Source:
        if self._source is None:
            self._source = self._make_source()
        return self._source

    def _learn(self, parts: Mapping[str, Any], *, over: bool = False) -> None:
        """Know values with their references; what has one keeps it, unless `over`, or no store has it."""
        with self._lock:
            new = {
                part: reference
                for part, reference in parts.items()
                if part and (over or part not in self._references or isinstance(self._references[part], _Unkept))
            }
            if new:
                self._references = {**self._references, **new}
                self._words = None

    def _finders(self) -> _Words:
        """How values are found in texts; made when it is asked for first after something was learned."""
        found = self._words
        while found is None:
            known = self._references
            found = _Words(known)
            with self._lock:
                self._words = found if self._references is known else None
                found = self._words
        return found

    # ------------------------------------------------------------------ what is said

    def masked_text(self, text: str) -> str:
        """The text with the name of a secret in the place of its value. A short value is masked as a whole word."""
        if not self._references:
            return text
        words = self._finders()
        return words.said.replaced(text, lambda found: _mask(words.reference(found)))

    def masked(self, data: Any) -> Any:
        """Data with every text in it masked, keys too."""
        if not self._references:
            return data
        if isinstance(data, str):
            return self.masked_text(data)
        if isinstance(data, dict):
            return {self.masked(key): self.masked(item) for key, item in data.items()}
        if isinstance(data, list | tuple):
            return [self.masked(item) for item in data]
        is_long = _is_number(data) and len(str(data)) >= SHORTEST
        return self.masked_text(str(data)) if is_long and self._finders().said.first(str(data)) else data

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
            is_kept = reference is not None and not isinstance(reference, _Unkept)
            return {"get_secret": reference} if is_kept else self._checked(data, what)
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
        words = self._finders()
        found = words.stored.first(text) if isinstance(text, str) else None
        if found is not None:
            name = _name(words.reference(found))
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


def _backwards(parts: Iterable[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """So that a mapping of them has the first way to a part."""
    return list(parts)[::-1]


class _Words:
    """The known values in all their forms.

    said     what is masked: values, other forms of them, lines of them
    stored   what is not stored inside of a text: the same without short values and lines
    """

    def __init__(self, known: Mapping[str, Any]) -> None:
        self._known = known
        self._forms = {form: reference for value, reference in known.items() for form in forms(value)}
        self._lines = {line: reference for value, reference in known.items() for line in lines_of(value)}
        self.said = Finder({**known, **self._forms, **self._lines})
        self.stored = Finder({**{value: None for value in known if len(value) >= SHORTEST}, **self._forms})

    def reference(self, word: str) -> Any:
        """The reference of the value that a word is a form of."""
        for found in (self._known, self._forms, self._lines):
            if word in found:
                return found[word]
        return None


def _name(reference: Any) -> str:
    return ".".join(map(str, reference)) if isinstance(reference, list) else str(reference)


def _mask(reference: Any) -> str:
    return f"<secret {_name(reference)}>"


VAULT = Vault(lambda: secret_stores(os.environ))
"""The process's."""
