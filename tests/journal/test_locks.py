"""The turnstile and the ownership bytes: between threads here, and between real processes."""

import errno
import fcntl
import os
import signal
import subprocess
import sys
import threading
from contextlib import closing, contextmanager
from types import SimpleNamespace

import pytest

from durable_wf.errors import EngineBug, HeldError, StorageError
from durable_wf.journal import locks
from durable_wf.journal.locks import Owners, Turnstile
from durable_wf.journal.sidefile import SideFile
from durable_wf.journal.sqlite import open_journal
from tests.journal import kit
from tests.journal.processes import PATIENCE, process
from tests.means import in_a_pid_namespace

ROUNDS = 200


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.db"


@pytest.fixture
def turnstile(path):
    made = []

    def turnstile(**options):
        made.append(Turnstile(path, **options))
        return made[-1]

    yield turnstile
    for each in made:
        each.close()


def is_locked(path, name):
    """Whether somebody has the lock of a side file."""
    descriptor = os.open(f"{path}-{name}", os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def until(condition):
    """Give way to others until it holds."""
    while not condition():
        os.sched_yield()


@contextmanager
def waiting(path, turnstile, *, then=lambda: None):
    """A thread that waits for the lock; inside the block it holds `turn` and is next."""

    def wait():
        with turnstile:
            then()

    thread = threading.Thread(target=wait)
    thread.start()
    until(lambda: is_locked(path, "turn"))
    yield thread
    thread.join(PATIENCE)
    assert not thread.is_alive()


def test_a_busy_writer_cannot_overtake_one_that_waits(path, turnstile):
    busy, patient = turnstile(), turnstile()
    for _ in range(ROUNDS):
        order = []
        busy.acquire()
        with waiting(path, patient, then=lambda order=order: order.append("patient")):
            busy.release()
            busy.acquire()  # at once again
            order.append("busy")
            busy.release()
        assert order == ["patient", "busy"]


def test_the_lock_is_had_by_one_at_a_time(turnstile):
    inside, most = [], []

    def work(mine):
        for _ in range(ROUNDS):
            with mine:
                inside.append(mine)
                most.append(len(inside))
                inside.remove(mine)

    threads = [threading.Thread(target=work, args=(turnstile(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert most == [1] * (4 * ROUNDS)


def test_two_threads_of_one_journal_wait_for_each_other(path, turnstile):
    shared, order = turnstile(), []
    with shared:
        thread = threading.Thread(target=lambda: (shared.acquire(), order.append("second"), shared.release()))
        thread.start()
        order.append("first")
    thread.join(PATIENCE)
    assert order == ["first", "second"]


def test_a_turn_inside_a_turn_is_refused_and_does_not_hang(turnstile):
    mine = turnstile()
    with mine, pytest.raises(EngineBug, match="inside a turn"):
        mine.acquire()
    with mine:
        pass


def test_L12_who_waited_too_long_is_told_who_holds_it(path, turnstile):
    holder = turnstile(command="resume ab12", since="2026-11-23T17:00:00Z")
    with holder, pytest.raises(HeldError, match=rf"process {os.getpid()} \(resume ab12, since 2026-11-23"):
        turnstile(timeout=0.01).acquire()


def test_who_gave_up_waiting_leaves_the_lock_to_others(path, turnstile):
    holder, other = turnstile(), turnstile(timeout=PATIENCE)
    with holder:
        for _ in range(3):
            with pytest.raises(HeldError):
                turnstile(timeout=0.0).acquire()
    with other:  # behind the three, who let go when their turn comes
        pass
    until(lambda: not any(thread.name == "journal-lock" for thread in threading.enumerate()))
    with turnstile(timeout=0.0):
        pass


def test_who_waits_with_a_time_out_gets_it_in_order(path, turnstile):
    holder, order = turnstile(), []
    holder.acquire()
    with waiting(path, turnstile(timeout=PATIENCE), then=lambda: order.append("waited")):
        holder.release()
        with holder:
            order.append("busy")
    assert order == ["waited", "busy"]


def test_a_thread_with_a_time_out_does_not_wait_for_ever_for_its_own_process(turnstile):
    shared, found = turnstile(timeout=0.01), []

    def wait():
        try:
            shared.acquire()
        except HeldError as error:
            found.append(error)

    with shared:
        thread = threading.Thread(target=wait)
        thread.start()
        thread.join(PATIENCE)
    assert len(found) == 1


def test_an_interrupted_wait_leaves_no_lock_behind(path, turnstile):
    holder, other = turnstile(), turnstile()

    def interrupt():
        until(lambda: is_locked(path, "turn"))
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    with holder:
        thread = threading.Thread(target=interrupt)
        thread.start()
        with pytest.raises(KeyboardInterrupt):
            other.acquire()
        thread.join(PATIENCE)
        assert not is_locked(path, "turn")
    with other, pytest.raises(HeldError):
        turnstile(timeout=0.0).acquire()


def test_side_files_are_ours_alone_and_never_followed(path, turnstile):
    turnstile()
    assert {(path.parent / f"journal.db-{name}").stat().st_mode & 0o777 for name in ("turn", "write")} == {0o600}
    (path.parent / "elsewhere").touch()
    (path.parent / "journal.db-owners").symlink_to("elsewhere")
    with pytest.raises(OSError, match="symbolic"):
        Owners(path)


def test_a_process_that_is_gone_owns_nothing(path):
    with closing(open_journal(path, durability="process")) as journal, process("own", path, 7) as child:
        assert child.stdout.readline().startswith("owns")
        assert journal.owned(7)
        assert not journal.own(7)
        assert not journal.owned(8)
        child.kill()
        child.wait(PATIENCE)
        assert not journal.owned(7)
        assert journal.own(7)


def test_an_owner_in_another_pid_namespace_is_not_taken_for_dead(path):
    apart = in_a_pid_namespace()
    with closing(open_journal(path, durability="process")) as journal, process("own", path, 7, prefix=apart) as child:
        word, pid = child.stdout.readline().split()
        assert (word, pid) == ("owns", "1"), "it has a pid that is another process here"
        assert journal.owned(7)
        assert not journal.own(7)
        child.stdin.close()
        child.wait(PATIENCE)
        assert not journal.owned(7)


def test_an_owner_killed_while_its_forked_child_lives_is_dead(path):
    with closing(open_journal(path, durability="process")) as journal, process("own_and_fork", path, 7) as owner:
        word, child = owner.stdout.readline().split()
        assert word == "forked"
        assert journal.owned(7)
        owner.kill()
        owner.wait(PATIENCE)
        os.kill(int(child), 0)  # it lives
        assert not journal.owned(7)
        with journal.turn():
            pass


@kit.BY_EITHER
def test_a_forked_child_is_told_and_harms_nothing(path, driven):
    with process("use_after_fork", path) as child:
        lines = child.stdout.read().splitlines()
    told = "JournalError this journal was opened before a fork; only the parent may use it"
    assert lines == [*[told] * 7, "parent [5, 0, 0] True []"]


@kit.BY_EITHER
def test_a_forked_child_cannot_commit_its_parents_turn(path, driven):
    with process("commit_after_fork", path) as child:
        lines = child.stdout.read().splitlines()
    assert lines == ["child this journal was opened before a fork; only the parent may use it", "parent 1 []"]


def test_a_started_program_inherits_no_lock(path):
    with closing(open_journal(path, durability="process")) as journal:
        journal.own(7)
        script = "import os; print([os.readlink(f'/proc/self/fd/{n}') for n in os.listdir('/proc/self/fd') if n > '2'])"
        found = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, close_fds=False, check=False
        ).stdout
    assert "journal" not in found


def test_a_plugin_that_closes_what_is_not_its_own_loses_its_byte_and_no_more(path):
    with closing(open_journal(path, durability="process")) as journal, closing(open_journal(path)) as other:
        assert journal.own(7)
        side = {name: [] for name in ("turn", "write", "owners", "head")}
        for entry in os.listdir("/proc/self/fd"):  # noqa: PTH208 - numbers
            target = os.readlink(f"/proc/self/fd/{entry}") if os.path.islink(f"/proc/self/fd/{entry}") else ""  # noqa: PTH114, PTH115
            for name, descriptors in side.items():
                if target == f"{path}-{name}":
                    descriptors.append(int(entry))
        theirs = path.with_name("theirs")
        for descriptors in side.values():
            for descriptor in descriptors:
                os.close(descriptor)
                assert os.open(theirs, os.O_RDWR | os.O_CREAT) == descriptor, "the number is another file's now"
        try:
            assert not other.owned(7)
            assert not journal.owned(7)
            kit.start(journal, tasks=1)
            assert other.own(7)
            assert not journal.own(7)
            journal.disown(7)
            with closing(Turnstile(path, timeout=0.0)) as third, other.turn(), pytest.raises(HeldError):
                third.acquire()
            journal.close()
            assert (theirs.read_bytes(), other.behind_head, list(other.verify())) == (b"", None, [])
        finally:
            for descriptors in side.values():
                for descriptor in descriptors:
                    os.close(descriptor)


# ------------------------------------------------------------------------------------ step by step, whoever is how fast


@pytest.fixture
def before_each_step(monkeypatch):
    """Has `look(the file's name, the operation)` called before each step of a lock."""

    def before_each_step(look):
        def flock(file, operation):
            look(file._path.name.rpartition("-")[2], operation)
            return fcntl.flock(file, operation)

        monkeypatch.setattr(locks, "fcntl", SimpleNamespace(**{**vars(fcntl), "flock": flock}))

    return before_each_step


@contextmanager
def held(path, name):
    """A side file's lock, as if another process had it; gives the descriptor that holds it."""
    descriptor = os.open(f"{path}-{name}", os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("timeout", [None, PATIENCE], ids=["a runner", "a command"])
def test_who_is_next_keeps_the_turn_until_it_has_the_lock(path, turnstile, before_each_step, timeout):
    mine, seen = turnstile(timeout=timeout), []
    with held(path, "write") as descriptor:

        def look(name, operation):
            if (name, operation) == ("write", fcntl.LOCK_EX):
                seen.append(is_locked(path, "turn"))
                fcntl.flock(descriptor, fcntl.LOCK_UN)  # the other goes

        before_each_step(look)
        with mine:
            pass
    assert seen == [True]


def test_nobody_takes_a_free_lock_while_another_is_next(path, turnstile):
    mine = turnstile(timeout=0.0)
    with held(path, "turn"), pytest.raises(HeldError):
        mine.acquire()
    until(lambda: not any(thread.name == "journal-lock" for thread in threading.enumerate()))
    with mine:
        pass


def test_the_lock_is_free_before_the_next_thread_of_the_process_is_let_in(turnstile, before_each_step):
    """Threads share the descriptor: the second would be given what is held already, and lose it to the first."""
    shared, found = turnstile(timeout=0.0), []

    def try_it():
        try:
            shared.acquire()
        except HeldError:
            found.append("refused")
        else:
            found.append("let in")

    def look(name, operation):
        if (name, operation) == ("write", fcntl.LOCK_UN) and not found:
            thread = threading.Thread(target=try_it)
            thread.start()
            thread.join(PATIENCE)

    before_each_step(look)
    with shared:
        pass
    assert found == ["refused"]


@pytest.mark.parametrize("when", ["taking", "giving back"])
def test_a_lock_whose_file_cannot_be_had_shuts_nobody_of_this_process_out(turnstile, monkeypatch, when):
    """The error is told, and the next one gets the lock as soon as the file is there again."""

    def broken(_):
        raise OSError(errno.EMFILE, "Too many open files")

    ours = turnstile(timeout=1)
    if when == "giving back":
        ours.acquire()
    with monkeypatch.context() as patched:
        patched.setattr(SideFile, "fileno", broken)
        with pytest.raises((StorageError, OSError), match="Too many open files"):
            ours.acquire() if when == "taking" else ours.release()
    ours.acquire()
    ours.release()
