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
    found = {*_escaped(value), *_encoded(value.encode("utf-8", "surrogatepass"))}
    found.discard(value)
    return {one for one in found if len(one) >= SHORTEST}


def lines_of(value: str) -> set[str]:
    """The lines of a value of several, as a log has them that is given one after the other; not its frame or titles."""
    lines = {line.strip() for line in value.splitlines()} if "\n" in value or "\r" in value else set()
    return {line for line in lines if len(line) >= LEAST_LINE and not line.startswith("-----")}


def _escaped(value: str) -> Iterator[str]:
    for text in (value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]):
        yield text
        yield json.dumps(text)[1:-1]  # JSON in JSON
        yield json.dumps(text, ensure_ascii=False)[1:-1]
    data = value.encode("utf-8", "surrogatepass")
    yield repr(value)[1:-1]
    yield repr(data)[2:-1]
    yield html.escape(value)
    yield html.escape(value, quote=False)
    yield value.replace("'", "'\"'\"'")  # as a shell's word: shlex.quote
    for text in (quote(data), quote(data, safe=""), quote_plus(data)):
        yield text
        yield _PERCENT.sub(lambda match: match[0].lower(), text)


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
