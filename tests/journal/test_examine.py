"""A journal that may not be written beside is copied to be read; tests/cli/test_verify.py does it as another user."""

import shutil
import tempfile
from contextlib import closing

import pytest

from durable_wf.errors import JournalError, NotFoundError, StorageError
from durable_wf.journal import examine as module
from durable_wf.journal.examine import examine
from durable_wf.journal.sqlite import open_journal
from tests.journal import kit


@pytest.fixture
def journal(tmp_path):
    """Still open: its newest rows are in the -wal."""
    with closing(open_journal(tmp_path / "home" / "journal.db", durability="process")) as opened:
        kit.fill(opened)
        yield opened


@pytest.fixture
def shut(monkeypatch, tmp_path):
    """As where we may not write; the folder for copies."""
    monkeypatch.setattr(module, "may_write", lambda _path: False)
    folder = tmp_path / "copies"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_what_may_be_written_is_read_where_it_lies(journal):
    with examine(journal.path) as reader:
        assert reader.path == journal.path


def test_a_copy_has_what_is_in_the_wal_and_its_head_and_is_removed(journal, shut):
    with examine(journal.path) as reader:
        assert reader.path.is_relative_to(shut)
        assert reader.last_seq() == journal.last_seq()
        assert reader.compare_with_head() is None
        assert list(reader.verify()) == []
    assert not list(shut.iterdir())


def test_a_journal_that_is_written_while_it_is_copied_is_refused(journal, shut, monkeypatch):
    copy = shutil.copyfile

    def meanwhile(source, target, **options):
        kit.start(journal, uid=f"uid-{journal.last_seq()}")
        return copy(source, target, **options)

    monkeypatch.setattr(shutil, "copyfile", meanwhile)
    with pytest.raises(StorageError, match="is being written while it is copied"), examine(journal.path):
        pass
    assert not list(shut.iterdir())


def test_a_copy_that_cannot_be_made_is_said(journal, shut, monkeypatch):
    def full(*_given, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(StorageError, match="cannot be copied to be read: No space left"), examine(journal.path):
        pass
    assert not list(shut.iterdir())


@pytest.mark.parametrize("text", ["", "no journal" * 1000])
def test_what_is_no_journal_is_refused_there_too(tmp_path, shut, text):
    path = tmp_path / "journal.db"
    with pytest.raises(NotFoundError), examine(path):
        pass
    path.write_text(text)
    with pytest.raises(JournalError), examine(path):
        pass
    assert not list(shut.iterdir())
