"""Pack the folders of a machine into one archive."""

import tarfile
from datetime import UTC, datetime
from pathlib import Path

from cloudify import ctx
from cloudify.exceptions import RecoverableError
from cloudify.state import ctx_parameters as inputs

night = datetime.now(UTC).strftime("%Y-%m-%d")
path = Path(f"{ctx.node.name}-{night}.tar.gz")
try:
    with tarfile.open(path, "w:gz") as archive:
        for folder in inputs["folders"]:
            archive.add(folder)
except OSError as error:
    raise RecoverableError(f"{error.filename} could not be read; it may be in use") from error
ctx.instance.runtime_properties["last_night"] = str(path)
ctx.instance.runtime_properties["size"] = path.stat().st_size
