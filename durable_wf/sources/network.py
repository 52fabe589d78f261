"""Files of blueprints that lie behind http(s) addresses: fetched once, then kept in a folder by their hash.

    FOLDER/addresses/SHA-256 of the address   the content's SHA-256
    FOLDER/contents/SHA-256                   the content

What is kept is used for ever: a blueprint does not change because a server does. Delete the folder to fetch anew.
Source: reference/blueprint-dsl.md §3 (10 s, 5 more tries 1 s apart on connection errors and 5xx).
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable
from hashlib import sha256
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import IO
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener, getproxies

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_fixed

from durable_wf.sources.port import SourceError

_TIMEOUT_S = 10.0
_TRIES = 6
_MOST = 5_000_001  # bytes; the compiler says that a file is too large
_SERVER_ERROR = 500
_HASH = re.compile(r"[0-9a-f]{64}")

Fetch = Callable[[str], bytes]
"""The content behind an address. raises TryAgain, SourceError."""


class TryAgain(Exception):
    """What may go away by itself: no connection, or an error of the server."""


class _OnlyHttp(HTTPRedirectHandler):
    """Follows redirects to other http(s) addresses only."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        """None for what is not to be followed."""
        if urlsplit(newurl).scheme not in {"http", "https"}:
            fp.close()
            raise SourceError(f"'{req.full_url}' leads to '{newurl}', which is no http(s) address")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def fetch(url: str) -> bytes:
    """One request.

    raises  TryAgain, SourceError
    """
    opener = build_opener(_OnlyHttp, ProxyHandler(getproxies()))
    try:
        with opener.open(url, timeout=_TIMEOUT_S) as answer:
            content: bytes = answer.read(_MOST)
            return content
    except HTTPError as error:
        error.close()
        if error.code >= _SERVER_ERROR:
            raise TryAgain(f"the server answers {error.code}") from error
        raise SourceError(f"'{url}': the server answers {error.code} {error.reason}") from error
    except (OSError, HTTPException) as error:
        raise TryAgain(str(getattr(error, "reason", error))) from error
    except ValueError as error:
        raise SourceError(f"'{url}' is no address: {error}") from error


class Network:
    """Reads http(s) addresses.

    folder   of what was fetched; made when it is needed
    wait     between two tries, given seconds
    tell     is told of what is not fetched, as it was kept before, and how to fetch it again
    """

    def __init__(
        self,
        folder: Path,
        wait: Callable[[float], None],
        fetch: Fetch = fetch,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._folder = folder
        self._wait = wait
        self._fetch = fetch
        self._tell = tell

    def read(self, url: str) -> bytes:
        """The content behind an address.

        raises  SourceError
        """
        known = self._known(url)
        if known is not None:
            kept = self._address(url)
            self._tell(f"'{url}' is as it was when it was fetched first; to fetch it again, delete {kept}")
            return known
        tries = Retrying(
            stop=stop_after_attempt(_TRIES),
            wait=wait_fixed(1),
            retry=retry_if_exception_type(TryAgain),
            sleep=self._wait,
            reraise=True,
        )
        try:
            content = tries(self._fetch, url)
        except TryAgain as error:
            raise SourceError(f"'{url}' cannot be fetched: {error}", hint="tried 6 times") from error
        self._keep(url, content)
        return content

    def _address(self, url: str) -> Path:
        return self._folder / "addresses" / sha256(url.encode("utf-8", "surrogatepass")).hexdigest()

    def _known(self, url: str) -> bytes | None:
        """What was fetched before, unless it was damaged since."""
        try:
            digest = self._address(url).read_text(encoding="ascii").strip()
            content = (self._folder / "contents" / digest).read_bytes() if _HASH.fullmatch(digest) else None
        except (OSError, UnicodeDecodeError):
            return None
        return content if content is not None and sha256(content).hexdigest() == digest else None

    def _keep(self, url: str, content: bytes) -> None:
        digest = sha256(content).hexdigest()
        try:
            _write(self._folder / "contents" / digest, content)
            _write(self._address(url), digest.encode())
        except OSError as error:
            raise SourceError(f"'{url}' cannot be kept in {self._folder}: {error.strerror}") from error


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all; who reads meanwhile has the old content or the new one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
