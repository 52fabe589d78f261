"""One small HTTP server of the example, as a program that needs nothing but the standard library.

    python -I -S server.py FOLDER ROLE INSTANCE        (role: database | app | load_balancer)

It returns as soon as the server listens, which goes on in a process and session of its own and outlives whoever
started it. In FOLDER:

    boot.lock     held while a server starts, or while one is being stopped
    server.lock   held by the server as long as it lives, so a second one for this folder ends at once
    server.json   who it is: pid, start time, port; written before boot.lock is released
    config.json, database.json, grants/, upstreams/    read at each request, so a change needs no restart

A server whose server.json is gone or names another process ends by itself: removing the folder is enough.
"""

from __future__ import annotations

import fcntl
import http.client
import itertools
import json
import os
import signal
import socketserver
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qs, urlsplit

ADDRESS = "127.0.0.1"
STATE = "server.json"
BOOT_LOCK = "boot.lock"
_LIFE_LOCK = "server.lock"
_TIMEOUT_S = 10.0

Answer = tuple[int, dict[str, Any]]


def start_time(pid: int) -> str | None:
    """When the process began, as `<boot id>:<clock ticks since boot>`; None for one that has ended.

    With the pid it names one process for ever. Ticks, as the kernel keeps them: psutil's `create_time` adds the wall
    clock, and two of its answers differ when that was set in between.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(")")[2].split()  # the name before it may hold anything
    if fields[0] in "ZX":
        return None
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    return f"{boot}:{fields[19]}"


def fetch(url: str) -> Answer:
    """GET an answer of one of these servers; proxies of the environment are not asked. Raises OSError."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or ADDRESS, parts.port, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", f"{parts.path or '/'}?{parts.query}")
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    except (http.client.HTTPException, ValueError) as error:
        raise OSError(f"{url} gave no answer of ours: {error!r}") from error
    finally:
        connection.close()


def holds(lock: IO[Any], path: Path) -> bool:
    """Whether the locked file still is the one at `path`; not so where the folder was removed meanwhile."""
    try:
        return os.path.samestat(os.fstat(lock.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _read(path: Path) -> dict[str, Any]:
    try:
        value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return value


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, folder: Path, role: str, instance: str) -> None:
        self.folder, self.instance, self.answer = folder, instance, _ROLES[role]
        self.turn = itertools.count()
        super().__init__((ADDRESS, 0), _Handler)

    def server_bind(self) -> None:
        socketserver.TCPServer.server_bind(self)  # without HTTPServer's question to the name service
        self.server_name, self.server_port = ADDRESS, self.server_address[1]

    def service_actions(self) -> None:
        if _read(self.folder / STATE).get("pid") != os.getpid():
            raise SystemExit(0)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/health":
            status, value = 200, {"instance": self.server.instance}
        else:
            status, value = self.server.answer(self.server, parse_qs(parts.query))
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _database(server: _Server, query: dict[str, list[str]]) -> Answer:
    app = query.get("app", [""])[0]
    if not app or not (server.folder / "grants" / f"{app}.json").exists():
        return 403, {"error": f"{server.instance} has granted nothing to {app or 'nobody'}"}
    config = _read(server.folder / "config.json")
    return 200, {"database": server.instance, "price": config.get("price"), "schema": config.get("schema")}


def _app(server: _Server, _query: dict[str, list[str]]) -> Answer:
    url = _read(server.folder / "database.json").get("url")
    if not url:
        return 503, {"error": f"{server.instance} knows no database"}
    try:
        status, stored = fetch(f"{url}?app={server.instance}")
    except OSError as error:
        return 502, {"error": f"{server.instance} cannot reach its database: {error}"}
    if status != http.HTTPStatus.OK:
        return 502, stored
    greeting = _read(server.folder / "config.json").get("greeting")
    return 200, {"app": server.instance, "greeting": greeting, "price": stored["price"]}


def _load_balancer(server: _Server, _query: dict[str, list[str]]) -> Answer:
    upstreams = [_read(path).get("url") for path in sorted((server.folder / "upstreams").glob("*.json"))]
    first = next(server.turn)
    for offset in range(len(upstreams)):
        url = upstreams[(first + offset) % len(upstreams)]
        try:
            return fetch(str(url))
        except OSError:
            continue
    return 502, {"error": f"none of {len(upstreams)} applications can be reached"}


_ROLES: dict[str, Callable[[_Server, dict[str, list[str]]], Answer]] = {
    "database": _database,
    "app": _app,
    "load_balancer": _load_balancer,
}


def _serve(folder: Path, role: str, instance: str, listening: Callable[[], None]) -> None:
    """Serve until told to end; `listening` is called when this or another server of the folder listens."""
    with (folder / BOOT_LOCK).open("a") as boot, (folder / _LIFE_LOCK).open("a") as life:
        fcntl.flock(boot, fcntl.LOCK_EX)
        if not holds(boot, folder / BOOT_LOCK):
            return  # the folder was removed while we waited
        try:
            fcntl.flock(life, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            listening()
            return
        server = _Server(folder, role, instance)
        pid = os.getpid()
        state = {"pid": pid, "start_time": start_time(pid), "port": server.server_port, "instance": instance}
        part = folder / f".{STATE}.part"
        part.write_text(json.dumps({**state, "role": role}, sort_keys=True) + "\n", encoding="utf-8")
        part.replace(folder / STATE)
        fcntl.flock(boot, fcntl.LOCK_UN)
        listening()
        with server:
            server.serve_forever(poll_interval=0.5)


def main(folder: Path, role: str, instance: str) -> int:
    """Start the server in a process of its own; 0 when it listens, 1 when it ended before."""
    reader, writer = os.pipe()
    if os.fork():
        os.close(writer)
        return 0 if os.read(reader, 1) else 1
    os.close(reader)
    os.setsid()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))

    def listening() -> None:
        os.write(writer, b".")
        os.close(writer)

    _serve(folder, role, instance, listening)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
