"""The example's servers, as real processes: started, asked, stopped, and nothing left."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from durable_wf.examples.three_tier.three_tier import files, proof, recording, server, servers


def processes_of(folder):
    """Every process that has the folder in its command line, however it came about."""
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if any(str(folder) in word for word in process.info["cmdline"] or ()) and server.start_time(process.pid)
    ]


@pytest.fixture
def scratch(tmp_path):
    folder = tmp_path / "scratch"
    recording.claim(folder)
    yield folder
    proof.clean(folder)
    assert processes_of(folder) == []


def place(scratch, host, instance):
    folder = scratch / "hosts" / host / instance
    for path in (folder / "grants", folder / "upstreams"):
        path.mkdir(parents=True)
    return folder


def open_shop(scratch, apps=2):
    """A database, applications and a load balancer, wired by hand as the operations wire them."""
    at_db, at_lb = place(scratch, "host_1", "database_1"), place(scratch, "host_3", "load_balancer_1")
    files.append_numbered(scratch / "books" / "ledger.jsonl", {"database": "database_1", "price": 42})
    files.write_json(at_db / "config.json", {"price": 42, "schema": 1})
    database = servers.start(at_db, "database", "database_1")
    for number in range(1, apps + 1):
        name = f"app_{number}"
        folder = place(scratch, "host_2", name)
        files.write_json(folder / "config.json", {"greeting": "hello"})
        files.write_json(folder / "database.json", {"url": database.url})
        files.write_json(at_db / "grants" / f"{name}.json", {})
        app = servers.start(folder, "app", name)
        files.write_json(at_lb / "upstreams" / f"{name}.json", {"url": app.url})
    return servers.start(at_lb, "load_balancer", "load_balancer_1")


def test_a_request_goes_through_all_three_tiers(scratch):
    """The load balancer answers with an application's greeting and the database's price."""
    balancer = open_shop(scratch)
    answers = [servers.ask(balancer) for _ in range(4)]
    assert [answer["app"] for answer in answers] == ["app_1", "app_2", "app_1", "app_2"]
    assert answers[0] == {"app": "app_1", "greeting": "hello", "price": 42}
    assert proof.problems(scratch, {"database": 1, "app": 2, "load_balancer": 1}) == []


def test_a_started_server_is_found_again(scratch):
    """Starting twice gives the same process, which is what makes the operation safe to repeat."""
    folder = place(scratch, "host_1", "database_1")
    first = servers.start(folder, "database", "database_1")
    assert servers.start(folder, "database", "database_1") == first
    assert servers.running(folder) == first
    assert len(processes_of(folder)) == 1


def test_two_starts_at_once_leave_one_server(scratch):
    """A second process for the same folder ends by itself, even where neither saw the other's file."""
    folder = place(scratch, "host_1", "database_1")
    command = [sys.executable, "-I", "-S", server.__file__, str(folder), "database", "database_1"]
    with ThreadPoolExecutor(4) as pool:
        codes = list(pool.map(lambda _: subprocess.run(command, timeout=30, check=False).returncode, range(4)))
    assert codes == [0, 0, 0, 0]
    found = servers.running(folder)
    assert found
    others = [process for process in processes_of(folder) if process.pid != found.pid]
    psutil.wait_procs(others, timeout=10)
    assert [process.pid for process in processes_of(folder)] == [found.pid]


def test_the_server_is_no_child_of_its_starter(scratch):
    """It has a session of its own and outlives whoever started it."""
    found = servers.start(place(scratch, "host_1", "database_1"), "database", "database_1")
    process = found.process()
    assert process
    assert process.pid not in [child.pid for child in psutil.Process().children(recursive=True)]
    assert server.fetch(found.url + "health") == (200, {"instance": "database_1"})


def test_stop_ends_it_and_may_be_repeated(scratch):
    """After a stop no process lives and no port answers; a second stop finds nothing to do."""
    folder = place(scratch, "host_1", "database_1")
    found = servers.start(folder, "database", "database_1")
    assert servers.stop(folder) is True
    assert servers.stop(folder) is False
    assert servers.stop(scratch / "never") is False
    assert processes_of(folder) == []
    with pytest.raises(OSError, match="refused"):
        server.fetch(found.url)


def test_a_server_that_was_killed_is_started_anew(scratch):
    """Its server.json still names a pid, but nobody lives there."""
    folder = place(scratch, "host_1", "database_1")
    first = servers.start(folder, "database", "database_1")
    process = first.process()
    process.kill()
    assert servers._wait([process]) == []
    assert servers.running(folder) is None
    assert servers.start(folder, "database", "database_1").pid != first.pid


def test_a_pid_alone_is_never_enough(scratch):
    """A process that has the recorded pid but another start time is not ours, and is not ended."""
    folder = place(scratch, "host_1", "database_1")
    bystander = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        state = {"pid": bystander.pid, "start_time": "another-boot:1", "port": 1, "instance": "x", "role": "app"}
        files.write_json(folder / server.STATE, state)
        assert servers.running(folder) is None
        assert servers.stop(folder) is False
        assert bystander.poll() is None
    finally:
        bystander.communicate(timeout=10)


def test_a_server_that_ignores_term_is_killed(scratch, monkeypatch):
    """The second request is one that cannot be refused."""
    found = servers.start(place(scratch, "host_1", "database_1"), "database", "database_1")
    monkeypatch.setattr(servers, "_GRACE_S", 0.3)
    found.process().suspend()  # a stopped process takes no TERM
    assert servers.end([found]) == [found.pid]
    assert found.process() is None


def test_a_server_whose_folder_is_removed_ends_by_itself(scratch):
    """So that even a clean-up by hand leaves no process."""
    folder = place(scratch, "host_1", "database_1")
    process = servers.start(folder, "database", "database_1").process()
    shutil.rmtree(folder)
    assert servers._wait([process]) == []


def test_a_server_that_begins_while_its_folder_is_cleaned_up_ends(scratch):
    """It waits for the lock of a folder that is gone when it gets it."""
    folder = place(scratch, "host_1", "database_1")
    (folder / server.BOOT_LOCK).touch()
    command = [sys.executable, "-I", "-S", server.__file__, str(folder), "database", "database_1"]
    with servers.no_start_in([folder]):
        late = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        shutil.rmtree(folder)
    assert late.wait(timeout=30) == 1
    assert psutil.wait_procs(processes_of(folder), timeout=10)[1] == []


def test_a_server_that_cannot_start_says_where_to_look(scratch):
    """The end of its log is in the error."""
    folder = place(scratch, "host_1", "database_1")
    with pytest.raises(servers.ServerError, match="KeyError"):
        servers.start(folder, "no such role", "database_1")


def test_an_application_without_database_is_not_healthy(scratch):
    """It answers 503 until it knows a database, and 502 until it has the database's grant."""
    folder = place(scratch, "host_2", "app_1")
    app = servers.start(folder, "app", "app_1")
    with pytest.raises(servers.ServerError, match="503"):
        servers.check(folder)
    database = servers.start(place(scratch, "host_1", "database_1"), "database", "database_1")
    files.write_json(folder / "database.json", {"url": database.url})
    with pytest.raises(servers.ServerError, match="granted nothing to app_1"):
        servers.ask(app)
    servers.stop(database.folder)
    with pytest.raises(servers.ServerError, match="cannot reach its database"):
        servers.ask(app)


def test_the_balancer_goes_round_a_dead_application(scratch):
    """It answers as long as one application lives, and 502 when none does."""
    balancer = open_shop(scratch)
    servers.stop(scratch / "hosts" / "host_2" / "app_1")
    assert {servers.ask(balancer)["app"] for _ in range(4)} == {"app_2"}
    servers.stop(scratch / "hosts" / "host_2" / "app_2")
    with pytest.raises(servers.ServerError, match="502"):
        servers.ask(balancer)


def test_check_wants_a_living_server(scratch):
    """A folder in which nothing lives is named."""
    with pytest.raises(servers.ServerError, match="no server lives in"):
        servers.check(place(scratch, "host_1", "database_1"))


def test_numbers_are_given_once(tmp_path):
    """Eight threads that take a number each take eight different ones."""
    path, taken = tmp_path / "book.jsonl", []
    threads = [threading.Thread(target=lambda: taken.append(files.append_numbered(path, {}))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == list(range(1, 9))
    assert [json.loads(line)["number"] for line in path.read_text().splitlines()] == list(range(1, 9))


def test_a_folder_in_which_somebody_writes_is_removed(tmp_path):
    """A process that is just ending may add a last line while we remove."""
    folder, stop = tmp_path / "ran", threading.Event()

    def write():
        for number in range(300):
            with contextlib.suppress(FileNotFoundError, FileExistsError):  # removed between its steps
                files.append_line(folder / f"{number % 7}.jsonl", {})
        stop.wait()

    writer = threading.Thread(target=write)
    writer.start()
    files.remove_tree(folder)
    stop.set()
    writer.join()
    files.remove_tree(folder)
    files.remove_tree(folder)
    assert not folder.exists()
