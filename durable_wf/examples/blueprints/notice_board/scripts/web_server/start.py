"""Start the server as a process of its own, and remember its number."""

import subprocess
import sys

from cloudify import ctx
from cloudify.state import ctx_parameters as inputs

known = ctx.instance.runtime_properties
command = [sys.executable, "-m", "http.server", str(inputs["port"]), "--bind", inputs["address"]]
server = subprocess.Popen(
    command, cwd=known["folder"], start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
)
known["process_id"] = server.pid
ctx.logger.info("The server is process %s", server.pid)
