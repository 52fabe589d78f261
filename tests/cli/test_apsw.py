"""The command with the extra `apsw`: a run that is killed, resumed and verified, each step a process of its own."""

import signal
from contextlib import closing

import pytest

from durable_wf.journal import apsw_driver, driver, library
from durable_wf.journal.reader import open_reader
from durable_wf.journal.sqlite import open_journal

FLOW = """\
import os, signal
from durable_wf import operation, workflow

@operation(resumable=True)
def charge(order):
    with open("charged", "a") as file:
        file.write(f"{order}\\n")
    if order == 3 and not os.path.exists("struck"):
        open("struck", "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    return f"order {order} is paid"

@workflow
def main(ctx, orders):
    return [ctx.execute_task(charge, kwargs={"order": order}).get() for order in range(1, orders + 1)]
"""


@pytest.fixture
def by(program):
    """The program with this driver from now on."""
    (program.folder / "orders.py").write_text(FLOW)

    def by(name):
        program.environ[driver.VARIABLE] = name
        return program

    return by


@pytest.mark.crash
@pytest.mark.parametrize("before", ["python", "apsw"])
def test_L6_a_run_that_is_killed_goes_on_by_apsw(by, before):
    """Also one that began before the extra was installed. What it leaves is whole to Python's SQLite, too."""
    by(before)("run", "orders:main", "-p", "orders=5", code=-signal.SIGKILL)
    program = by("apsw")
    assert "all is well" in program("verify").stdout
    with closing(open_reader(program.journal)) as reader:
        assert reader.meta()["sqlite_version"] == {"python": library.version(), "apsw": apsw_driver.VERSION}[before]
        uid = reader.executions()[0].uid
    assert program.json("resume", uid)["result"] == [f"order {order} is paid" for order in range(1, 6)]
    assert (program.folder / "charged").read_text().split() == ["1", "2", "3", "3", "4", "5"]
    with closing(open_reader(program.journal)) as reader:
        assert (reader.compare_with_head(), list(reader.verify())) == (None, [])


def test_doctor_says_which_sqlite_runs_and_by_which_driver(by):
    program = by("apsw")
    open_journal(program.journal).close()
    found = next(one for one in program.json("doctor")["items"] if one["name"] == "sqlite")
    assert found["text"] == f"SQLite {apsw_driver.VERSION} (apsw), without a known bug that loses commits"
    assert found["facts"] == {"version": apsw_driver.VERSION, "driver": "apsw", "bugs": []}
    assert (found["level"], found["mend"]) == ("ok", None)


def test_a_driver_that_is_none_is_refused_with_the_variables_name(by):
    done = by("pysqlite")("run", "orders:main", "-p", "orders=1", code=2)
    assert "DURABLE_WF_SQLITE=pysqlite: it may be python or apsw" in done.stderr
