"""An execution that is in the journal already, made ready to be run again."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

from durable_wf.authoring.code_space import using
from durable_wf.authoring.functions import find
from durable_wf.engine.code import make_importable
from durable_wf.engine.plugins import space_for
from durable_wf.engine.runs import Run
from durable_wf.engine.topology import of_row
from durable_wf.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from durable_wf.journal.port import Reader
    from durable_wf.model import rows
    from durable_wf.sources.workdirs import Workdirs


def reopen(journal: Reader, row: rows.Execution, journal_id: str, workdirs: Workdirs) -> Run:
    """The execution's function and deployment, as they are now. Writes nothing.

    raises  InputError where its deployment, or its function, is not there any more
    """
    topology = None
    if row.deployment is not None:
        found = next((one for one in journal.deployments() if one.id == row.deployment), None)
        if found is None:
            text = f"the deployment of execution '{row.uid}' is not there any more"
            raise InputError(text)
        topology = of_row(journal, found)
    make_importable(topology)
    with using(space_for(topology)):
        function = find(row.function)
    return Run(row, topology, function, resumed=True, journal_id=journal_id, workdirs=workdirs)


@contextmanager
def no_collection() -> Iterator[None]:
    """Hold the garbage collector while a history is built: it would walk all of it, again and again, for nothing."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
