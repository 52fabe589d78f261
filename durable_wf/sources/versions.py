"""Versions of Python packages in order, and conditions on them (`>=1.2,<2`), as PEP 440 has them.

Source: reference/blueprint-dsl.md §3 (`plugin:NAME?version=SPEC`: a bare version means exactly that one).
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from durable_wf.errors import InputError

_VERSION = re.compile(
    r"v?(?:(?P<epoch>\d+)!)?(?P<release>\d+(?:\.\d+)*)"
    r"(?:[-_.]?(?P<pre>alpha|a|beta|b|preview|pre|c|rc)[-_.]?(?P<pre_no>\d*))?"
    r"(?P<post>-\d+|[-_.]?(?:post|rev|r)[-_.]?\d*)?"
    r"(?P<dev>[-_.]?dev[-_.]?\d*)?(?:\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?",
    re.IGNORECASE,
)
_CONDITION = re.compile(r"(?P<operator>===|==|~=|!=|<=|>=|<|>)?\s*(?P<version>[^\s,<>=!~]+)")
_PRE = {"alpha": "a", "a": "a", "beta": "b", "b": "b"}
_LONGEST = 100  # characters of a version; a number in it is not read as one of thousands of digits


class SpecError(InputError):
    """A condition on versions cannot be read."""

    code = "bad-version-condition"
    explanation = "A condition on a plugin's version is a list such as >=1.2,<2, or one version."


class Version(NamedTuple):
    """A version in parts that compare as versions do.

    release  without zeros at its end
    """

    epoch: int
    release: tuple[int, ...]
    rest: tuple[Any, ...]
    local: tuple[Any, ...]

    @property
    def public(self) -> tuple[Any, ...]:
        """Without what a distributor has added behind `+`."""
        return self.epoch, self.release, self.rest

    @property
    def is_final(self) -> bool:
        """Whether it is neither a preview nor under development."""
        return bool(self.rest[0] == _NO_PRE[0] and self.rest[3] == _NO_DEV)

    @property
    def is_plain(self) -> bool:
        """Whether it is a final version, and no later build of one."""
        return self.is_final and bool(self.rest[2] < 0)

    @property
    def base(self) -> tuple[Any, ...]:
        """Epoch and release alone."""
        return self.epoch, self.release


_NO_PRE = (1, "", 0)  # behind every pre-release
_NO_DEV = (1, 0)
_BEFORE_ALL = (0, "", 0)  # a development release without a pre-release stands before those


def read_version(text: str) -> Version | None:
    """None for what is no version."""
    found = _VERSION.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if found is None:
        return None
    dev, post = _number(found["dev"]), _number(found["post"])
    pre = _NO_PRE
    if found["pre"]:
        pre = (0, _PRE.get(found["pre"].lower(), "rc"), int(found["pre_no"] or 0))
    elif dev is not None and post is None:
        pre = _BEFORE_ALL
    rest = (pre[0], pre[1:], -1 if post is None else post, _NO_DEV if dev is None else (0, dev))
    return Version(int(found["epoch"] or 0), _release(found["release"]), rest, _local(found["local"]))


def _number(text: str | None) -> int | None:
    return None if text is None else int(re.sub(r"\D", "", text) or 0)


def _release(text: str) -> tuple[int, ...]:
    parts = [int(part) for part in text.split(".")]
    while len(parts) > 1 and parts[-1] == 0:
        parts.pop()
    return tuple(parts)


def _local(text: str | None) -> tuple[Any, ...]:
    parts = re.split(r"[-_.]", text.lower()) if text else []
    return tuple((1, int(part), "") if part.isdigit() else (0, 0, part) for part in parts)


class Condition(NamedTuple):
    """One condition, such as `>=1.2`."""

    operator: str
    text: str

    def holds(self, text: str) -> bool:
        """Whether the version in `text` fulfils it; one that cannot be read is compared as text only."""
        version, wanted = read_version(text), read_version(self.text)
        if self.operator == "===" or version is None:
            return self.operator in {"===", "=="} and text.strip() == self.text
        if self.text.endswith(".*"):
            return self._matches_prefix(version) == (self.operator == "==")
        if wanted is None:
            return False
        return self._compares(version, wanted)

    def _matches_prefix(self, version: Version) -> bool:
        return version.epoch == 0 and _begins(version, self.text[:-2])

    def _compares(self, version: Version, wanted: Version) -> bool:
        same = version == wanted if wanted.local else version.public == wanted.public
        if self.operator == "==":
            return same
        if self.operator == "!=":
            return not same
        if self.operator == "~=":
            return version.public >= wanted.public and version.epoch == wanted.epoch and self._is_compatible(version)
        if self.operator == "<":  # a preview of the version itself is not before it
            return version.public < wanted.public and not (
                wanted.is_plain and not version.is_final and version.base == wanted.base
            )
        if self.operator == ">":  # nor is a later build of it behind it
            later = (version.rest[2] >= 0 and wanted.rest[2] < 0) or bool(version.local)
            of_same = version.base == wanted.base and version.rest[:2] == wanted.rest[:2]
            return version.public > wanted.public and not (later and of_same)
        return version.public <= wanted.public if self.operator == "<=" else version.public >= wanted.public

    def _is_compatible(self, version: Version) -> bool:
        found = _VERSION.fullmatch(self.text)
        return found is not None and _begins(version, found["release"].rpartition(".")[0])


def _begins(version: Version, text: str) -> bool:
    """Whether the release begins with the numbers of `text`, zeros being as good as nothing."""
    wanted = [int(part) for part in text.split(".")]
    return list(version.release[: len(wanted)]) + [0] * (len(wanted) - len(version.release)) == wanted


def read_conditions(text: str) -> list[Condition]:
    """The conditions of a list; a bare version means exactly that one.

    raises  SpecError
    """
    found = []
    for part in text.split(","):
        match = _CONDITION.fullmatch(part.strip()) if len(part) <= _LONGEST else None
        operator = (match["operator"] or "===") if match else ""
        wanted = match["version"] if match else ""
        if not _is_readable(operator, wanted):
            raise SpecError(f"'{part.strip()}' is no condition on a version", hint="write >=1.2,<2, or one version")
        found.append(Condition(operator, wanted))
    return found


def _is_readable(operator: str, text: str) -> bool:
    if operator == "===" and text:
        return True
    if text.endswith(".*"):
        return operator in {"==", "!="} and re.fullmatch(r"\d+(\.\d+)*", text[:-2]) is not None
    found = _VERSION.fullmatch(text)
    return found is not None and (operator != "~=" or "." in found["release"])


def is_allowed(version: str, conditions: list[Condition]) -> bool:
    """Whether a version fulfils all conditions."""
    return all(one.holds(version) for one in conditions)


def sort_key(version: str | None) -> tuple[bool, Version | tuple[()]]:
    """Newer versions are greater; what has no version that can be read is less than all that have."""
    found = read_version(version or "")
    return found is not None, found or ()
