"""What commands read blueprints with: the plugins that are configured, and the network where that is allowed."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from durable_wf.cli.calls import Call
from durable_wf.cli.config import APP, NoHomeError, has_home
from durable_wf.cli.output import clean

if TYPE_CHECKING:
    from durable_wf.sources.files import FileResolver


def resolver_of(call: Call, blueprint: Path, *, allow_http: bool = False) -> FileResolver:
    """The resolver of a blueprint.

    allow_http  whether http(s) imports are fetched
    raises      NoHomeError where there is no place to keep what is fetched
    """
    from durable_wf.sources.catalogue import Catalogue
    from durable_wf.sources.files import FileResolver
    from durable_wf.sources.network import Network

    folder = call.config["plugins"]
    plugins = Catalogue([folder] if folder is not None else [])
    network = (
        Network(_cache(), _wait, tell=lambda text: call.out.detail(f"note: {clean(text)}")) if allow_http else None
    )
    return FileResolver(blueprint, plugins=plugins, network=network)


def _cache() -> Path:
    if not has_home(os.environ, "XDG_CACHE_HOME"):
        text = "there is no home directory (HOME and XDG_CACHE_HOME are not set), so no place for what is fetched"
        raise NoHomeError(text, hint="set XDG_CACHE_HOME")
    from platformdirs import user_cache_path

    return user_cache_path(APP) / "http"


def _wait(seconds: float) -> None:
    threading.Event().wait(seconds)
