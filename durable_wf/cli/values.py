"""`-i` and `-p`: values as `name=value`, read as YAML, or files of them. What comes later wins."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from durable_wf.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

_PAIR = re.compile(r"([A-Za-z_][\w.-]*)=(.*)", re.DOTALL)


class ValueFileError(InputError):
    """A value or a file of values cannot be read."""

    code = "bad-values"
    explanation = (
        "`-i` and `-p` take name=value, with the value read as YAML (text, 3, true, [a, b], {k: v}), or a YAML or JSON "
        "file that holds a mapping. They may be given several times; what comes later wins."
    )


def read_values(given: Sequence[str], option: str) -> dict[str, Any]:
    """The values of all `option`s.

    option  `-i` or `-p`, to name it in errors
    raises  ValueFileError, UsageError naming the option and what was given
    """
    found: dict[str, Any] = {}
    for one in given:
        pair = _PAIR.fullmatch(one)
        if pair:
            found[pair[1]] = _parse(pair[2].encode("utf-8", "surrogateescape"), f"{option} {pair[1]}")
        else:
            found.update(_file(one, option))
    return found


def _file(name: str, option: str) -> dict[str, Any]:
    from durable_wf.sources.files import READ

    path = Path(name)
    if not path.is_file():
        text = f"{option} {name}: this is neither name=value nor a file"
        raise UsageError(text, hint=f"write {option} name=value, or name a YAML or JSON file")
    try:
        with path.open("rb") as file:
            data = file.read(READ)
    except OSError as error:
        raise ValueFileError(f"{option} {name}: {error.strerror}") from error
    found = _parse(data, name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise ValueFileError(f"{option} {name}: the file holds no mapping of names to values")
    return found


def _parse(data: bytes, shown: str) -> Any:
    """YAML's value, within the same limits as a blueprint's."""
    from durable_wf.dsl.composer import compose
    from durable_wf.dsl.problems import Report
    from durable_wf.dsl.source import plain
    from durable_wf.sources.port import SourceFile

    problems = Report()
    value = compose(SourceFile(shown, shown, data, sha256(data).hexdigest()), problems)
    if problems.problems:
        (first, *more) = problems.problems
        is_text = first.code in {"not-yaml", "unknown-alias"} and not (first.hint or more)  # such as @home and *
        hint = "quote it, if it is text" if is_text else None
        raise ValueFileError("\n".join(map(str, problems.problems)), hint=hint)
    return plain(value)
