"""`demo`: it kills, resumes, proves, and leaves nothing behind; and it says so when a proof fails."""

import contextlib
import os
import signal
import subprocess
import sys
import zipfile
from types import SimpleNamespace

import psutil
import pytest

from durable_wf.cli.demo import proofs
from durable_wf.cli.demo.proofs import Snapshot, check_runs
from durable_wf.engine.runs import idempotency_key
from durable_wf.model.rows import Kind, Task
from durable_wf.model.states import TASK, T
from tests.cli.kit import ROOT, fitting

pytestmark = [pytest.mark.slow, pytest.mark.crash]


@pytest.fixture
def demo(program, tmp_path):
    """The command with a temporary directory of its own."""
    (tmp_path / "tmp").mkdir()
    program.environ |= {"TMPDIR": str(tmp_path / "tmp"), "DURABLE_WF_MAX_OPERATIONS": "1"}
    yield program
    program.close()
    program("demo", "--clean")


def left(folder):
    """Processes that live and have to do with a folder."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):  # it has ended meanwhile, or is a zombie that nobody waits for
            if str(folder) in " ".join(process.cmdline()):
                found.append(process.pid)
    return found


def nothing_is_left(demo):
    assert list((demo.folder / "tmp").iterdir()) == []
    assert left(demo.folder / "tmp") == []
    assert not demo.journal.exists(), "a demo has a journal of its own"


def read_until(stream, text):
    seen = []
    while text not in (seen[-1] if seen else ""):
        line = stream.readline()
        assert line, "".join(seen)
        seen.append(line)
    return "".join(seen)


def test_it_kills_resumes_proves_and_leaves_nothing(demo):
    done = demo("demo")
    for text in (
        "$ durable-wf deployments create", "$ durable-wf run start_all -d shop &", "$ kill -9 ", "$ durable-wf journal",
        "$ durable-wf resume", "each ran once", "8 servers live", "no server lives any more", "as it must be",
    ):  # fmt: skip
        assert text in done.stdout
    assert "BAD" not in done.stdout
    nothing_is_left(demo)


def test_keep_leaves_the_servers_and_clean_ends_them(demo):
    done = demo("demo", "--keep")
    assert "$ durable-wf demo --clean" in done.stdout
    assert "url = http://127.0.0.1:" in done.stdout
    assert len(left(demo.folder / "tmp")) == 8
    found = demo.json("demo", "--clean", shape="demo --clean")
    assert len(found["removed"]) == 1
    nothing_is_left(demo)
    assert "no demo has left anything" in demo("demo", "--clean").stderr


def test_what_a_killed_demo_has_left_is_cleaned(demo):
    process = demo.begin("demo", stderr=subprocess.STDOUT)
    read_until(process.stdout, "$ durable-wf resume")
    assert "a demo runs there now" in demo("demo", "--clean").stderr, "while it runs it is left alone"
    process.kill()
    process.stdout.close()
    process.wait()
    assert left(demo.folder / "tmp")
    demo("demo", "--clean")
    nothing_is_left(demo)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_and_nothing_is_left(demo, number, code):
    process = demo.begin("demo", stderr=subprocess.STDOUT)
    read_until(process.stdout, "$ durable-wf resume")
    process.send_signal(number)
    done = demo.end(process, code)
    assert "Traceback" not in done.stdout
    assert "as it must be" not in done.stdout, "it ended there, and proved nothing"
    nothing_is_left(demo)


def test_keep_and_clean_together_are_refused(demo):
    assert "opposite" in demo("demo", "--keep", "--clean", code=2).stderr


def test_it_ends_with_1_where_a_proof_fails(demo):
    script = (
        "import sys; sys.argv = ['durable-wf', 'demo', '--json']\n"
        "from durable_wf.cli.demo import proofs\n"
        "from durable_wf.cli.demo.checks import Check\n"
        "proofs.check_servers = lambda scratch: Check(good=False, text='planted')\n"
        "from durable_wf.cli.app import main\nmain()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=demo.environ, cwd=demo.folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr
    assert not fitting(done.stdout, "demo")["good"]
    assert "BAD planted" in done.stderr
    assert "NOT as it must be" in done.stderr
    nothing_is_left(demo)


def test_it_ends_with_1_where_a_step_does(demo):
    demo.environ["PATH"] = "/nowhere"
    script = (
        "import sys; sys.argv = ['durable-wf', 'demo']\n"
        "from durable_wf.cli.demo import story\n"
        "story._DEPLOYMENT = 'not a name\\0'\n"
        "from durable_wf.cli.app import main\nmain()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=demo.environ, cwd=demo.folder, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    nothing_is_left(demo)


def test_a_folder_of_somebody_else_is_not_used(demo):
    place = demo.folder / "tmp" / f"durable-wf-demo-{os.getuid()}"
    place.mkdir(mode=0o777)
    place.chmod(0o777)
    assert "is not a folder of this user's alone" in demo("demo", code=10).stderr
    place.rmdir()


def test_it_runs_from_the_built_wheel_and_json_tells_what_was_proved(demo, tmp_path):
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path / "dist", ROOT],
        check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    demo.environ |= {"PYTHONPATH": str(tmp_path / "installed"), "PYTHONDONTWRITEBYTECODE": "1"}
    before = sorted((tmp_path / "installed").rglob("*"))
    done = subprocess.run(
        [sys.executable, "-P", "-m", "durable_wf", "demo", "--json"],
        env=demo.environ, cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert f"create {tmp_path / 'installed'}" in done.stderr
    found = fitting(done.stdout, "demo")
    assert found["good"]
    assert found["killed_at"]["ended"] > 10
    assert found["killed_at"]["running"] >= 1
    assert len(found["checks"]) == 6
    assert all(one["good"] for one in found["checks"])
    assert sorted((tmp_path / "installed").rglob("*")) == before, "the installed package is only read"
    nothing_is_left(demo)


# ------------------------------------------------------------------------------------------------------------- proofs


def task(no, state, attempts=1):
    return Task(
        1, no, 1, None, int(Kind.OPERATION), f"op{no}", "", 1, 1, 1, TASK.code(state), attempts, 0, 0, None, None
    )


def proved(monkeypatch, at_kill, after, runs):
    """The checks of an execution, given how often each task ran by its own files: number → (begun, ended)."""
    found = {
        ("op", str(no)): SimpleNamespace(begun=begun, ended=ended, keys=(idempotency_key("journal", "uid", no, 0),))
        for no, (begun, ended) in runs.items()
    }
    monkeypatch.setattr(proofs, "proof", lambda: SimpleNamespace(count_runs=lambda scratch: found))
    view = SimpleNamespace(store=SimpleNamespace(stored=lambda table, number: after))
    snapshot = Snapshot(
        {one.no: one for one in at_kill if one.state == TASK.code(T.SUCCEEDED)},
        {one.no: one for one in at_kill if one.state == TASK.code(T.STARTED)},
    )
    execution = SimpleNamespace(id=1, uid="uid")
    return [check.good for check in check_runs(view, "journal", execution, snapshot, None)]


AT_KILL = [task(1, T.SUCCEEDED), task(2, T.STARTED), task(3, T.PENDING, 0)]
AFTER = [task(1, T.SUCCEEDED), task(2, T.SUCCEEDED, 2), task(3, T.SUCCEEDED)]


@pytest.mark.parametrize(
    ("runs", "good"),
    [
        ({1: (1, 1), 2: (2, 1), 3: (1, 1)}, [True, True, True, True]),
        ({1: (1, 1), 2: (1, 1), 3: (1, 1)}, [True, True, True, True]),
        ({1: (2, 2), 2: (1, 1), 3: (1, 1)}, [False, True, True, True]),
        ({1: (1, 1), 2: (3, 2), 3: (1, 1)}, [True, False, True, True]),
        ({1: (1, 1), 2: (1, 0), 3: (1, 1)}, [True, False, True, True]),
        ({1: (1, 1), 2: (2, 2), 3: (2, 2)}, [True, True, False, True]),
        ({1: (1, 1), 2: (1, 1)}, [True, True, False, True]),
        ({1: (1, 1), 2: (1, 1), 3: (1, 1), 9: (1, 1)}, [True, True, True, False]),
    ],
)
def test_a_proof_notices_what_ran_too_often_or_not_at_all(monkeypatch, runs, good):
    assert proved(monkeypatch, AT_KILL, AFTER, runs) == good
