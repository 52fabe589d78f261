"""Breakers of the text itself: what is no YAML, or YAML that no blueprint may have."""

from __future__ import annotations

from typing import Any

from durable_wf.dsl.shapes import Anything, Boolean, Text
from tests.dsl.fuzzing.blueprints import MAIN
from tests.dsl.fuzzing.breaking import Break, Breaking, Edit, Found, breaker
from tests.dsl.fuzzing.trees import Raw, Spot, Twin, parts

_DEPTH = 64
_TYPED = (
    "default",
    "propert",
    "param",
    "constraint",
    "plugins",
)  # where another kind of value would be a second mistake


def _leaf(b: Breaking) -> Found:
    """A value, or what is to be one, that may be anything: nothing else depends on it."""
    found = b.sites(
        lambda one: isinstance(one.shape, Anything) and one.path[0] not in {"imports", "tosca_definitions_version"}
    )
    found = [one for one in found if not any(word in one.site.production for word in _TYPED)]
    return b.rng.choice(found) if found else _added(b)


def _added(b: Breaking) -> Found:
    _, path = b.add("outputs", {"value": 1})
    return b.sites(lambda one: one.path == (*path, "value"))[0]


def _raw(b: Breaking, code: str, text: str, offset: int = 0, part: str = "value") -> Break:
    """A leaf that is written so."""
    file, site = _leaf(b)
    b.set(file, site.path, Raw(text))
    return Break((code,), [Spot(file, site.path, part, offset)], f"{text[:30]} at {site.production}")


@breaker("bad-character")
def _escaped(b: Breaking) -> Break:
    return _raw(b, "bad-character", b.rng.choice(('"a\\0b"', '"\\x00"')))


@breaker("bad-character")
def _control(b: Breaking) -> Break:
    character = b.rng.choice("\a\0\x1b\x7f\ufffe")
    return _raw(b, "bad-character", f"'ab{character}'", 3)


@breaker("too-deep")
def _deep(b: Breaking) -> Break:
    file, site = _leaf(b)
    b.set(file, site.path, Raw("[" * 70 + "]" * 70))
    return Break(("too-deep",), [Spot(file, site.path, "value", _DEPTH - len(site.path))])


@breaker("too-many-values")
def _bomb(b: Breaking) -> Break:
    levels = ["&l0 [1, 2, 3]", *(f"&l{n} [{', '.join([f'*l{n - 1}'] * 12)}]" for n in range(1, 6))]
    return _raw(b, "too-many-values", f"[{', '.join(levels)}]", part="line")


@breaker("too-many-aliases")
def _aliases(b: Breaking) -> Break:
    return _raw(b, "too-many-aliases", "[&many x" + ", *many" * 1001 + "]", part="line")


@breaker("recursive-alias")
def _recursive(b: Breaking) -> Break:
    text, offset = b.rng.choice((("&r [*r]", 4), ("&r {a: *r}", 7), ("&r {<<: *r}", 8)))
    return _raw(b, "recursive-alias", text, offset)


@breaker("bad-merge")
def _merge_anywhere(b: Breaking) -> Break:
    """Into a mapping of the language: what that is to have, nobody knows, and nothing of it is missing."""
    return _merged(b, "bad-merge", "5")


@breaker("unknown-alias")
def _unknown_merge(b: Breaking) -> Break:
    return _merged(b, "unknown-alias", "*nowhere")


def _merged(b: Breaking, code: str, text: str) -> Break:
    """A mapping that merges what cannot be merged, beside what it has or instead of it."""
    file, path = _mapping(b)
    if path and b.rng.random() < 0.5:
        b.value(file, path).clear()
    added = b.insert(file, path, Raw("<<"), Raw(text))
    return Break((code,), [Spot(file, added)], f"<<: {text}")


@breaker("unknown-alias")
def _unknown_alias(b: Breaking) -> Break:
    return _raw(b, "unknown-alias", "*nowhere")


@breaker("bad-merge")
def _merge(b: Breaking) -> Break:
    text, offset = b.rng.choice((("{<<: 5}", 5), ("{<<: [{a: 1}, x]}", 14), ("{a: 1, <<: [[]]}", 12)))
    return _raw(b, "bad-merge", text, offset)


@breaker("yaml-tag")
def _tag(b: Breaking) -> Break:
    text = ("!!python/object/apply:os.system [ls]", "!mine x", "!!set {a}", "!!binary aGk=", "!!omap [a: 1]", "!x {}")
    if b.rng.random() < 0.5:
        return _raw(b, "yaml-tag", b.rng.choice(text))
    found = b.rng.choice(b.sites(lambda one: isinstance(one.shape, Text | Boolean)))
    b.set(found.file, found.site.path, Raw(b.rng.choice(text)))
    return Break(("yaml-tag",), [Spot(found.file, found.site.path)], f"at {found.site.production}")


@breaker("bad-scalar")
def _scalar(b: Breaking) -> Break:
    return _raw(b, "bad-scalar", b.rng.choice(("!!int many", "!!float x", "!!bool perhaps")))


@breaker("integer-too-large")
def _integer(b: Breaking) -> Break:
    texts = (str(2**63), str(-(2**63) - 1), "0x" + "f" * 40, "9" * 5000, "1" + ":59" * 20, "0b" + "1" * 80)
    return _raw(b, "integer-too-large", b.rng.choice(texts))


@breaker("not-finite")
def _infinite(b: Breaking) -> Break:
    return _raw(b, "not-finite", b.rng.choice((".inf", "-.INF", ".nan", "1.0e+999")))


@breaker("key-not-text")
def _key(b: Breaking) -> Break:
    file, path = _mapping(b)
    added = b.insert(file, path, Raw(b.rng.choice(("5", "yes", "~", "1.5", "off", "2:30"))), 1)
    return Break(("key-not-text",), [Spot(file, added, "key")])


@breaker("duplicate-key")
def _duplicate(b: Breaking) -> Break:
    file, path = _mapping(b)
    mapping = b.value(file, path)
    key = b.rng.choice([one for one in mapping if isinstance(one, str)])
    twin = Twin(key)
    mapping[twin] = b.rng.choice((mapping[key], 1))
    return Break(("duplicate-key",), [Spot(file, (*path, twin), "key")])


def _mapping(b: Breaking) -> tuple[str, Any]:
    """A mapping with keys, anywhere."""
    found = [
        (file, path)
        for file, document in b.files.items()
        for path, value in parts(document)
        if isinstance(value, dict) and value and path[:1] != ("imports",) and not _calls(value)
    ]
    return b.rng.choice(found)


def _calls(value: dict[str, Any]) -> bool:
    return any(key.startswith(("get_", "string_", "concat", "merge")) for key in value)


# ---------------------------------------------------------------------- after it is written


def _edited(b: Breaking, code: str, edit: Edit) -> Break:
    file = b.rng.choice([name for name, one in b.files.items() if isinstance(one, dict) and one])
    return Break((code,), [Spot(file, ())], edit=edit)


@breaker("not-yaml")
def _bracket(b: Breaking) -> Break:
    return _edited(b, "not-yaml", lambda data: (data + b"]\n", (data.count(b"\n") + 1, 1)))


@breaker("several-documents")
def _second(b: Breaking) -> Break:
    return _edited(b, "several-documents", lambda data: (data + b"---\na: 1\n", (data.count(b"\n") + 1, 1)))


@breaker("not-utf8")
def _bytes(b: Breaking) -> Break:
    bad = b.rng.choice((b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf5\x80\x80\x80"))

    def edit(data: bytes) -> tuple[bytes, tuple[int, int]]:
        return data + b"# " + bad + b"\n", (data.count(b"\n") + 1, 3)

    return _edited(b, "not-utf8", edit)


@breaker("file-too-large")
def _large(b: Breaking) -> Break:
    return _edited(b, "file-too-large", lambda data: (data + b"#" * 5_000_001, (1, 1)))


# ---------------------------------------------------------------------- versions


@breaker("missing-version")
def _without(b: Breaking) -> Break:
    del b.files[MAIN]["tosca_definitions_version"]
    return Break(("missing-version",), [Spot(MAIN, ())])


@breaker("malformed-version")
def _malformed(b: Breaking) -> Break:
    b.files[MAIN]["tosca_definitions_version"] = b.rng.choice(
        ("", "1.3", "cloudify_dsl_x", 5, None, "cloudify_dsl_1_x", [])
    )
    return Break(("malformed-version",), [Spot(MAIN, ("tosca_definitions_version",))])


@breaker("unsupported-version")
def _unsupported(b: Breaking) -> Break:
    b.files[MAIN]["tosca_definitions_version"] = b.rng.choice(
        ("cloudify_dsl_2_0", "cloudify_dsl_1_6", "cloudify_dsl_1_3_1")
    )
    return Break(("unsupported-version",), [Spot(MAIN, ("tosca_definitions_version",))])
