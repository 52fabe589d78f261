"""Makes a golden journal: a small journal as a released version of this program wrote it, to be opened by later ones.

    .venv/bin/python tests/journal/golden/make.py 416bfb1 tests/journal/golden/version-1.db

COMMIT is the last one whose new journals have that version. Its package is taken out of Git, and runs with the
dependencies of this Python. It runs in /golden, which must not be there, so that no path of this machine gets into
the journal. What is in it: STEPS, each a process of its own; `work` has the workflows, and the deployment is `lamps`.
"""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import sys
import tarfile
from pathlib import Path

HERE = Path(__file__).parent
ROOT = Path("/golden")
JOURNAL = ROOT / "journal.db"
WORK = "tests.journal.golden.work"

STEPS = (  # what, what kills it, and how it ends
    ("run:whole", "", "terminated"),
    ("run:fails", "", "failed"),
    ("run:in_doubt", "doubtful", None),
    ("run:line", "2", None),
    ("deploy", "", None),
    ("run:light", "", "terminated"),
    ("run:relight", "lampgreen", None),
    ("ask", "", None),
)


def do(step: str, ending: str) -> None:
    """One step, in a process that sees the version's package."""
    import durable_wf
    from durable_wf import Engine, RunOptions

    assert Path(durable_wf.__file__).is_relative_to(ROOT), durable_wf.__file__
    what, _, workflow = step.partition(":")
    if what == "ask":
        return ask()
    with Engine(JOURNAL, durability="process", max_operations=2) as engine:
        if what == "deploy":
            engine.deployments.create(ROOT / "tests/journal/golden/blueprint.yaml", "lamps", {"colour": "blue"})
            return None
        options = RunOptions(task_retry_interval=0.01)
        if workflow in ("light", "relight"):
            uid = engine.start(workflow, {}, deployment="lamps", options=options)
        else:
            parameters = {"count": 5} if workflow == "line" else {}
            uid = engine.start(f"{WORK}:{workflow}", parameters, options=options)
        state = engine.wait(uid)
        if state != ending:
            engine.result(uid)  # raises what went wrong
            raise AssertionError(state)
    return None


def ask() -> None:
    """Two requests to the first execution, which has ended: one that was taken, and one that nobody took."""
    from durable_wf.journal.sqlite import open_journal
    from durable_wf.model.rows import Changes, Request, Subject, Transition

    journal = open_journal(JOURNAL, durability="process")
    with journal.turn() as turn:
        now = journal.executions()[-1]
        requests = [Request(0, 1, "note", key, '{"why":"golden"}', "make", now.created_us, None) for key in ("a", None)]
        told = Transition(
            1, turn.seq, int(Subject.EXECUTION), 1, None, now.state, 0, now.created_us, None, None, 0, None
        )
        turn.apply(Changes(transitions=[told], requests=requests, taken=[1]))
    assert list(journal.verify()) == []
    journal.close()


def main(commit: str, target: Path) -> None:
    """Take the package out of Git, do the steps, and keep the journal."""
    ROOT.mkdir()
    try:
        archive = ["git", "archive", commit, "durable_wf"]
        packed = subprocess.run(archive, cwd=HERE.parents[2], check=True, capture_output=True).stdout
        with tarfile.open(fileobj=io.BytesIO(packed)) as package:
            package.extractall(ROOT, filter="data")
        shutil.copytree(HERE, ROOT / "tests/journal/golden", ignore=shutil.ignore_patterns("*.db", "__pycache__"))
        for step, kill, ending in STEPS:
            environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "GOLDEN_KILL": kill}
            script = [sys.executable, str(ROOT / "tests/journal/golden/make.py"), step, ending or "none"]
            code = subprocess.run(script, cwd=ROOT, env=environment, check=False).returncode
            assert code == (-signal.SIGKILL if kill else 0), f"{step} ended with {code}"
        assert not Path(f"{JOURNAL}-wal").exists(), "the last step has copied it into the journal"
        shutil.copy(JOURNAL, target)
    finally:
        shutil.rmtree(ROOT)


if __name__ == "__main__":
    if Path(__file__).is_relative_to(ROOT):
        do(*sys.argv[1:])
    else:
        main(sys.argv[1], Path(sys.argv[2]).absolute())
