"""Documents that are meant to hurt: each is refused with a place, quickly, and nothing else escapes.

Source: reliability.md §2c.
"""

import subprocess
import sys

import pytest
import yaml

from durable_wf.dsl import composer
from durable_wf.dsl.compile import compile_blueprint
from durable_wf.dsl.problems import BlueprintError
from durable_wf.dsl.source import Limits
from tests.dsl.kit import Texts, codes, compiled, problems

ALIASES = "x: &a0 [y]\n" + "\n".join(f"x{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10))
MERGES = "x: &a0 {y: 1}\n" + "\n".join(f"x{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 10))
TALL = "x: &a0 [y]\n" + "\n".join(f"x{n}: &a{n} [*a{n - 1}]" for n in range(1, 80))

HOSTILE = {
    "brackets": ("a: " + "[" * 100_000, "too-deep", "1:67"),
    "closed brackets": ("a: " + "[" * 70 + "]" * 70, "too-deep", "1:67"),
    "braces": ("{a: " * 100_000, "too-deep", "1:257"),
    "dashes": ("- " * 100_000 + "x", "too-deep", "1:129"),
    "question marks": ("? " * 100_000, "too-deep", "1:129"),
    "billion laughs": (ALIASES, "too-many-values", "6:40"),
    "merge bomb": (MERGES, "too-many-values", None),
    "a tower of aliases": (TALL, "too-deep", "64:12"),
    "many aliases": ("x: &a y\nl: [" + "*a, " * 1001 + "]", "too-many-aliases", "2:4005"),
    "a merge of many": ("x: &a {}\ny: {<<: [" + "*a, " * 101 + "]}", "bad-merge", "2:9"),
    "many values": ("[" + "1, " * 100_000 + "]", "too-many-values", "1:299999"),
    "many documents": ("---\n" * 1000, "several-documents", "2:1"),
    "an anchor in itself": ("a: &a {b: *a}", "recursive-alias", "1:11"),
    "a merge of itself": ("a: &a {<<: *a}", "recursive-alias", "1:12"),
    "an escaped NUL": ('description: "a\\0b"', "bad-character", "1:14"),
    "a raw NUL": ("description: a\0b", "bad-character", "1:15"),
    "a bell": ("a: 1\nb: \a", "bad-character", "2:4"),
    "a long integer": ("a: " + "9" * 5_000, "integer-too-large", "1:4"),
    "a long hexadecimal": ("a: 0x" + "f" * 200_000, "integer-too-large", "1:4"),
    "sixty": ("a: 1" + ":59" * 30, "integer-too-large", "1:4"),
    "just too large": (f"a: {2**63}", "integer-too-large", "1:4"),
    "an object": ("a: !!python/object/apply:os.system [ls]", "yaml-tag", "1:4"),
    "a set": ("a: !!set {x}", "yaml-tag", "1:4"),
    "bytes": ("a: !!binary aGk=", "yaml-tag", "1:4"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_refused_at_its_place(name):
    """A problem names what is hostile, where it begins."""
    text, code, place = HOSTILE[name]
    found = {one.code: f"{one.line}:{one.column}" for one in problems(text, head="")}
    assert code in found
    assert place in (None, found[code])


@pytest.mark.parametrize("name", HOSTILE)
def test_without_the_C_loader_it_is_refused_too(name, monkeypatch):
    """PyYAML may be installed without libyaml; a bomb must not depend on it."""
    monkeypatch.setattr(composer, "_LOADER", yaml.SafeLoader)
    text, code, _ = HOSTILE[name]
    assert code in codes(text, head="", limits=Limits(values=5_000))  # fewer, for it is slow


@pytest.mark.parametrize(("encoding", "place"), [("utf-16", (1, 1)), ("latin-1", (2, 16))])
def test_another_encoding_is_named(encoding, place):
    """A file is UTF-8; where it stops being that is the place."""
    first = refused(Texts(main="inputs: {}\ndescription: grün".encode(encoding)))[0]
    assert (first.code, first.line, first.column) == ("not-utf8", *place)


def test_a_mark_at_the_beginning_is_no_character():
    """Windows writes U+FEFF before UTF-8; it is read over, and columns do not count it."""
    assert problems("\ufefftosca_definitions_version: cloudify_dsl_1_5\n", head="") == []
    assert problems("\ufeffinputs: 5\n", head="")[0].column == 1


def test_half_a_surrogate_pair():
    """Such a text cannot be stored in SQLite. libyaml refuses the escape; the pure loader lets it through."""
    assert codes('description: "\\ud800"', head="")[-1] in {"bad-character", "not-yaml"}
    assert refused(Texts(main=b"description: \xed\xa0\x80"))[0].code == "not-utf8"


def test_half_a_surrogate_pair_without_the_C_loader(monkeypatch):
    """The pure loader's result is looked at."""
    monkeypatch.setattr(composer, "_LOADER", yaml.SafeLoader)
    assert "bad-character" in codes('description: "\\ud800"', head="")


def test_a_large_file_is_not_even_read():
    """5 MB is the limit; it is a parameter."""
    assert refused(Texts(main=b"#" * 5_000_001))[0].code == "file-too-large"
    assert codes("description: text", head="", limits=Limits(file_bytes=10)) == ["file-too-large"]


def test_too_many_imports():
    """A chain of imports ends at its depth, many imports at their number."""
    chain = {f"f{n}": f"imports: [f{n + 1}.yaml]" for n in range(60)}
    assert codes("", imports_of("f0"), **chain) == ["too-many-imports"]
    many = {f"f{n}": "" for n in range(501)}
    assert codes("", imports_of(*many), **many) == ["too-many-imports"] * 2


def test_files_may_import_each_other():
    """A circle of imports is none; each file is read once."""
    assert compiled("", imports_of("a"), a="imports: [b.yaml, main.yaml]", b="imports: [a.yaml]").sources.keys() == {
        "main.yaml",
        "a.yaml",
        "b.yaml",
    }


def test_hundred_thousand_brackets_do_not_kill_the_process():
    """PyYAML's own loader dies of a segmentation fault here: so it is tried in another process."""
    program = """
from durable_wf.dsl.compile import compile_blueprint
from durable_wf.dsl.problems import BlueprintError
from durable_wf.sources.port import SourceFile
import resource
resource.setrlimit(resource.RLIMIT_AS, (400_000_000, 400_000_000))

class One:
    def __init__(self, data):
        self.data = data
    def main(self):
        return SourceFile("b.yaml", "b.yaml", self.data, "")
    def has_file(self, path):
        return False

for data in (b"[" * 100_000, b"[" * 100_000 + b"]" * 100_000, b"{a: " * 100_000, b"- " * 100_000):
    try:
        compile_blueprint(One(data))
    except BlueprintError as error:
        print(error.problems[0].code)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == ["too-deep"] * 4


def imports_of(*names):
    return "tosca_definitions_version: cloudify_dsl_1_5\nimports: [" + ", ".join(f"{n}.yaml" for n in names) + "]\n"


def refused(resolver):
    with pytest.raises(BlueprintError) as caught:
        compile_blueprint(resolver)
    return caught.value.problems
