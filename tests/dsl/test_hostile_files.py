"""Hostile files, as a person meets them: `durable-wf validate` says one thing with a place, and ends with 3.

All are read by one process, whose memory and time are limited by the kernel.
Source: issue 5 item 7; reliability.md §2c (limits: 2 s and 200 MB for each).
"""

import json
import resource
import subprocess
import sys

import pytest

from tests.dsl.test_hostile import HOSTILE

SECONDS = 2  # of one file
MEGABYTES = 200  # resident, of the process that reads them all
MOST_ADDRESSES = 1_000_000_000  # bytes: libraries too

HEAD = "tosca_definitions_version: cloudify_dsl_1_5\n"
FILES = {
    **{name: (text.encode(), code) for name, (text, code, _) in HOSTILE.items()},
    "a million documents": (b"--- a\n" * 1_000_000, "file-too-large"),
    "documents in 4 MB": (b"--- a\n" * 700_000, "several-documents"),
    "a key of 1 MB": (f"{HEAD}inputs: {{? {'k' * 1_000_000} : 5}}".encode(), "wrong-type"),
    "a text of 4 MB": (f"{HEAD}outputs: {{a: {'k' * 4_000_000}}}".encode(), "wrong-type"),
    "long arguments": (f"{HEAD}outputs: {{a: {{value: {{get_property: [{'b,' * 9_000}]}}}}}}".encode(), "unknown-node"),
    "a binary file": (bytes(range(256)) * 100, "not-utf8"),
    "an executable": (b"\x7fELF\x02\x01\x01\0" + b"\0" * 1000, "bad-character"),
    "UTF-16": (HEAD.encode("utf-16"), "not-utf8"),
    "UTF-32": (HEAD.encode("utf-32"), "not-utf8"),
    "half a surrogate pair": (HEAD.encode() + b"description: \xed\xa0\x80", "not-utf8"),
    "not a number": (f"{HEAD}inputs: {{a: {{default: .nan}}}}".encode(), "not-finite"),
    "a key twice": (f"{HEAD}inputs: {{a: {{}}, a: {{}}}}".encode(), "duplicate-key"),
    "types in a circle": (f"{HEAD}node_types: {{a: {{derived_from: a}}}}".encode(), "circular-derivation"),
    "a file above": (f"{HEAD}imports: [../../etc/passwd]".encode(), "import-outside"),
    "a file of the system": (f"{HEAD}imports: [/etc/passwd]".encode(), "import-outside"),
    "a NUL in a name": (f'{HEAD}imports: ["a\\0b"]'.encode(), "bad-character"),
    "an address": (f"{HEAD}imports: ['http://127.0.0.1:9/x.yaml']".encode(), "import-not-supported"),
    "a name of 5000 characters": (f"{HEAD}imports: [{'a' * 5000}]".encode(), "import-not-found"),
}  # fmt: skip

PROGRAM = """
import io, json, resource, sys
from contextlib import redirect_stderr, redirect_stdout
from durable_wf.cli.app import app
for path in sys.argv[1:]:
    said, code = io.StringIO(), 0
    with redirect_stdout(io.StringIO()), redirect_stderr(said):
        try:
            app(["validate", path], prog_name="durable-wf")
        except SystemExit as end:
            code = end.code
    print(json.dumps([code, said.getvalue()[:20_000]]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000)
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What the command ended with and said of each, and the megabytes that it took."""
    folder = tmp_path_factory.mktemp("hostile")
    paths = []
    for number, (data, _) in enumerate(FILES.values()):
        paths.append(folder / f"f{number}.yaml")
        paths[-1].write_bytes(data)
    paths.append(folder / "large.yaml")
    with paths[-1].open("wb") as file:
        file.truncate(100_000_000)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *paths],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: limit(len(paths)),  # no thread of ours runs meanwhile
    )
    assert (done.returncode, done.stderr) == (0, "")
    *lines, megabytes = done.stdout.splitlines()
    return [json.loads(line) for line in lines], int(megabytes)


def limit(files):
    resource.setrlimit(resource.RLIMIT_AS, (MOST_ADDRESSES, MOST_ADDRESSES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS * files, SECONDS * files))


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_is_one_clear_error(name, said):
    """Code 3, its own problem with file, line and column, and no traceback."""
    code, text = said[0][list(FILES).index(name)]
    assert code == 3
    assert f"[{FILES[name][1]}]" in text
    assert "Traceback" not in text
    assert len(text) < 20_000  # as long as is kept


def test_a_file_of_100_MB_is_one_clear_error(said):
    """It is not read to its end."""
    code, text = said[0][-1]
    assert (code, "[file-too-large]" in text) == (3, True)


def test_all_of_them_fit_the_memory(said):
    """Bombs are refused before they grow."""
    assert said[1] < MEGABYTES
