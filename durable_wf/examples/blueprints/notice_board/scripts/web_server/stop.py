"""End the server's process; one that is gone already has ended."""

import os
import signal
from contextlib import suppress

from cloudify import ctx

process_id = ctx.instance.runtime_properties.pop("process_id", None)
if process_id is not None:
    with suppress(ProcessLookupError):
        os.kill(process_id, signal.SIGTERM)
