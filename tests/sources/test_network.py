"""Imports from http(s) addresses: only where allowed, and fetched once. Source: reference/blueprint-dsl.md §3."""

import threading
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from durable_wf.dsl.compile import compile_blueprint
from durable_wf.errors import InputError
from durable_wf.sources.files import FileResolver
from durable_wf.sources.network import Network, TryAgain
from durable_wf.sources.port import SourceError

URL = "https://example.org/lib/a.yaml"


class Server:
    """Answers what it is told to, and counts."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    def __call__(self, url):
        self.asked.append(url)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def waits():
    return []


def test_an_address_is_fetched_once_and_kept_by_its_hash(tmp_path, waits):
    """Another process reads what is kept."""
    server = Server(b"inputs: {x: {}}")
    assert Network(tmp_path, waits.append, server).read(URL) == b"inputs: {x: {}}"
    assert Network(tmp_path, waits.append, Server()).read(URL) == b"inputs: {x: {}}"
    digest = sha256(b"inputs: {x: {}}").hexdigest()
    assert (tmp_path / "contents" / digest).read_bytes() == b"inputs: {x: {}}"
    assert server.asked == [URL]


def test_what_is_kept_is_told_with_the_file_to_delete(tmp_path, waits):
    """Nothing of what is fetched; deleting that file is enough."""
    told = []
    Network(tmp_path, waits.append, Server(b"old"), told.append).read(URL)
    assert told == []
    assert Network(tmp_path, waits.append, Server(b"new"), told.append).read(URL) == b"old"
    (text,) = told
    assert text.startswith(f"'{URL}' is as it was when it was fetched first; to fetch it again, delete {tmp_path}")
    Path(text.rpartition("delete ")[2]).unlink()
    assert Network(tmp_path, waits.append, Server(b"new"), told.append).read(URL) == b"new"


def test_what_was_kept_and_damaged_is_fetched_anew(tmp_path, waits):
    """Its hash tells."""
    Network(tmp_path, waits.append, Server(b"good")).read(URL)
    (tmp_path / "contents" / sha256(b"good").hexdigest()).write_bytes(b"bad")
    assert Network(tmp_path, waits.append, Server(b"good")).read(URL) == b"good"
    for path in (tmp_path / "addresses").iterdir():
        path.write_text("../../etc/passwd")
    assert Network(tmp_path, waits.append, Server(b"good")).read(URL) == b"good"


def test_it_is_tried_six_times_a_second_apart(tmp_path, waits):
    """§3: where the connection fails or the server does; then it is one error."""
    server = Server(*[TryAgain("no route")] * 5, b"late")
    assert Network(tmp_path, waits.append, server).read(URL) == b"late"
    assert waits == [1, 1, 1, 1, 1]
    with pytest.raises(SourceError, match="cannot be fetched: no route"):
        Network(tmp_path / "other", waits.append, Server(*[TryAgain("no route")] * 6)).read(URL)


def test_another_refusal_is_not_tried_again(tmp_path, waits):
    """A 404 stays one."""
    with pytest.raises(SourceError, match="404"):
        Network(tmp_path, waits.append, Server(SourceError("404"))).read(URL)
    assert waits == []


def test_imports_of_a_fetched_file_are_relative_to_its_address(tmp_path):
    """And the plan has the hash of each, by its address."""
    (tmp_path / "main.yaml").write_text(f"tosca_definitions_version: cloudify_dsl_1_5\nimports: ['ns--{URL}']\n")
    server = Server(b"imports: [../b.yaml, cloudify/types/types.yaml]\ninputs: {x: {}}", b"inputs: {y: {}}")
    network = Network(tmp_path / "kept", lambda _: None, server)
    found = compile_blueprint(FileResolver(tmp_path / "main.yaml", network=network))
    assert list(found.inputs) == ["ns--x", "ns--y"]
    assert server.asked == [URL, "https://example.org/b.yaml"]
    assert found.sources["https://example.org/b.yaml"] == sha256(b"inputs: {y: {}}").hexdigest()


def test_without_leave_nothing_is_fetched(tmp_path):
    """The error says how to allow it."""
    (tmp_path / "main.yaml").write_text(f"tosca_definitions_version: cloudify_dsl_1_5\nimports: ['{URL}']\n")
    with pytest.raises(InputError, match="--allow-http-imports") as caught:
        compile_blueprint(FileResolver(tmp_path / "main.yaml"))
    assert [one.code for one in caught.value.problems] == ["import-not-supported"]


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        code = {"/good": 200, "/broken": 503, "/moved": 302, "/away": 302}.get(self.path, 404)
        self.send_response(code)
        if code == 302:
            self.send_header("Location", "/good" if self.path == "/moved" else "ftp://127.0.0.1/good")
        self.end_headers()
        self.wfile.write(b"inputs: {}")

    def log_message(self, *_):
        pass


@pytest.fixture
def address(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_real_server(tmp_path, waits, address):
    """Redirects are followed to http(s) only; a status is said."""
    network = Network(tmp_path, waits.append)
    assert network.read(f"{address}/good") == b"inputs: {}"
    assert network.read(f"{address}/moved") == b"inputs: {}"
    with pytest.raises(SourceError, match="404"):
        network.read(f"{address}/missing")
    with pytest.raises(SourceError, match="no http"):
        network.read(f"{address}/away")
    assert waits == []
    with pytest.raises(SourceError, match="503"):
        network.read(f"{address}/broken")
    assert waits == [1] * 5


@pytest.mark.parametrize(
    "url", ["http://", "http://[", "http://127.0.0.1:99999/", "http://a b/", "http://\u00fc\u00df.invalid:x/"]
)
def test_addresses_that_are_none(tmp_path, waits, url):
    """One error of ours."""
    with pytest.raises(SourceError):
        Network(tmp_path, waits.append).read(url)
