"""A workflow function that was changed between the crash and the resume."""

import pytest

from durable_wf.model.states import EXECUTION, XE, X
from tools.crash.judge import dump, without_owner

pytestmark = pytest.mark.crash

MODULE = """
from durable_wf import operation, workflow
from tests.crash.held import hold, note

@workflow
def main(ctx, address):
    ctx.execute_task(note, kwargs={{"label": "first"}}).get()
    {middle}
    ctx.execute_task(hold, kwargs={{"address": address, "label": "waits"}}).get()
    return "done"
"""
AS_IT_WAS = 'ctx.execute_task(note, kwargs={"label": "second"}).get()'
CHANGED = 'ctx.send_event("something else").get()'
MAY_DIFFER = ("fence", "owner_json", "checksum", "state", "report")


def test_changed_code_is_refused_with_two_columns_and_put_back_it_completes(commands, gate, tmp_path):
    module = tmp_path / "changing.py"
    module.write_text(MODULE.format(middle=AS_IT_WAS))
    runner = commands.run("changing:main", address=gate.address)
    gate.next()
    runner.kill()
    before = dump(commands.journal)

    module.write_text(MODULE.format(middle=CHANGED))
    said = commands.resume().ended(11)
    assert "journal says" in said
    assert "code does" in said
    assert "operation tests.crash.held:note" in said
    assert "event workflow_stage" in said
    after = dump(commands.journal)
    assert rest(before) == rest(after)
    (interrupted,) = [row for row in after["transition"] if row not in before["transition"]]
    assert interrupted[4:7] == [EXECUTION.code(X.STARTED), EXECUTION.code(X.INTERRUPTED), list(XE).index(XE.OWNER_GONE)]
    assert [row for row in before["transition"] if row not in after["transition"]] == []

    commands.resume().ended(11)
    assert after["transition"] == dump(commands.journal)["transition"], "a second refusal says nothing new"

    module.write_text(MODULE.format(middle=AS_IT_WAS))
    resumed = commands.resume()
    gate.next().go()
    resumed.ended(0)
    with commands.reading() as reader:
        assert list(reader.verify()) == []


def rest(tables):
    """A dump without what the claim and the report write: their rows, and the links and numbers that follow."""
    kept = without_owner(tables, MAY_DIFFER)
    return {name: rows for name, rows in kept.items() if name not in ("transition", "link", "counter")}
