"""The core on both stores: SQLite takes whatever the core writes, and both end with the same rows."""

import pytest

from durable_wf.journal.sqlite import open_journal
from tests.laws import chaos


@pytest.mark.parametrize("seed", range(40, 52))
def test_one_seed_leaves_the_same_rows_in_both_stores(seed, tmp_path):
    """Crashes, second runners and resumes included; SQLite's CHECKs and triggers refuse nothing."""
    opened = []

    def store():
        opened.append(open_journal(tmp_path / "journal.db", durability="process"))
        return opened[-1]

    on_disk = chaos.play(seed, store=store, replays=False, verifies=False)
    in_memory = chaos.play(seed, replays=False, verifies=False)
    assert not list(on_disk.journal.verify())
    assert _without_links(chaos.dump(on_disk)) == _without_links(chaos.dump(in_memory))
    for journal in opened:
        journal.close()


def _without_links(dump):
    """The chains build on the journal's own id and moment of making."""
    return {table: rows for table, rows in dump.items() if table != ("link", 0)}
