"""How a secret looks where somebody has written it in another way: escaped for JSON, a URL, Python or HTML, in base64.

Source: design.md "Secrets", L10; docs/secrets.md has the table.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

SHORTEST = 6  # characters of a value that is looked for inside texts, and in other forms
LEAST_LINE = 12  # characters from which on a line of a value is masked by itself
_PERCENT = re.compile(r"%[0-9A-F]{2}")


def forms(value: str) -> set[str]:
    """The other forms of a value that a text may have in it; none of one that is too short."""
    if len(value) < SHORTEST:
        return set()
    found = set(_escaped(value))
    for text in _as_json(value):
        found.update(_encoded(text.encode("utf-8", "surrogatepass")))
    found.discard(value)
    return {one for one in found if len(one) >= SHORTEST}


def lines_of(value: str) -> set[str]:
    """The lines of a value of several, as a log has them that is given one after the other; not its frame or titles."""
    lines = {line.strip() for line in value.splitlines()} if "\n" in value or "\r" in value else set()
    return {line for line in lines if len(line) >= LEAST_LINE and not line.startswith("-----")}


def _escaped(value: str) -> Iterator[str]:
    """As programs write it into a text; and so as JSON, which they write into texts in turn."""
    for text in _as_json(value):
        yield from _as_json(text)  # JSON in JSON
        yield from _in_python(text)
        yield from _in_url(text)
        yield html.escape(text)
        yield html.escape(text, quote=False)
        yield text.replace("'", "'\"'\"'")  # as a shell's word: shlex.quote


def _as_json(text: str) -> tuple[str, ...]:
    return text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]


def _in_python(text: str) -> Iterator[str]:
    r"""The repr of a text and of its bytes, as part of a longer one, too: only if that has a " is each ' a \'."""
    for one in (text, text.encode("utf-8", "surrogatepass")):
        yield repr(one).removeprefix("b")[1:-1]
    for longer in (f"\"'{text}", f"\"'{text}".encode("utf-8", "surrogatepass")):
        yield repr(longer).removeprefix("b")[4:-1]


def _in_url(text: str) -> Iterator[str]:
    data = text.encode("utf-8", "surrogatepass")
    for one in (quote(data), quote(data, safe=""), quote_plus(data)):
        yield one
        yield _PERCENT.sub(lambda match: match[0].lower(), one)


def _encoded(data: bytes) -> Iterator[str]:
    """Hexadecimal; and base64 of a text that has the value in it anywhere, which depends on where it begins."""
    yield data.hex()
    yield data.hex().upper()
    for before in range(3):
        first = -(-before * 8 // 6)  # the characters that what stands before the value has a part in
        bits = (before + len(data)) * 8
        text = base64.b64encode(b"\0" * before + data)[first : bits // 6].decode()
        yield text
        yield text.replace("+", "-").replace("/", "_")
