"""L13: single bits that flip, some of them by a seed that is printed. The planted bug: test_faults."""

import random
import re
import sys
from contextlib import closing

import pytest

from durable_wf.journal.sqlite import open_journal
from tests.journal import kit
from tools.crash.contents import content
from tools.crash.faults.bits import flip
from tools.crash.victims import look

pytestmark = [pytest.mark.crash]


@pytest.mark.slow
def test_L13_no_flipped_bit_is_silent(run):
    seed = random.SystemRandom().randrange(10**6)
    done = run("--fault", "bits", "--scenario", "graph", "--max-parallel", 8, "--points", 80, "--seed", seed)
    sys.stdout.write(done.stdout)  # has the seed
    assert done.returncode == 0, f"seed {seed}\n{done.stdout}{done.stderr}"
    effective = re.search(r"(\d+) effective, reported", done.stdout)
    assert effective is not None, done.stdout
    assert int(effective[1]) >= 8


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "journal.db"
    journal = open_journal(path)
    kit.start(journal, tasks=5)
    journal.close()
    return path


def test_a_flip_turns_one_bit_and_turns_it_back(path):
    before, dump = path.read_bytes(), content(path)
    flip(path, 100, 3)
    assert [at for at, byte in enumerate(path.read_bytes()) if byte != before[at]] == [100]
    flip(path, 100, 3)
    assert (path.read_bytes(), content(path)) == (before, dump)


def test_the_dump_of_a_file_that_is_no_database_cannot_be_made(path):
    path.write_bytes(b"x" * 8192)
    assert content(path) is None
    assert "cannot be opened" in look(path).problems[0]


def test_the_dump_of_a_journal_changes_with_a_row(path):
    before = content(path)
    with closing(open_journal(path)) as journal:
        kit.start(journal)
    assert content(path) != before
