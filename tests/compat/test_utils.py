"""`cloudify.utils`: what plugins use of it."""

import io
import logging
import os
import sys
import uuid
from pathlib import Path
from types import SimpleNamespace
from urllib.error import HTTPError

import pytest

from durable_wf.authoring.exceptions import CommandExecutionError, CommandExecutionException, NonRecoverableError
from durable_wf.compat import utils


def test_a_function_is_found_by_its_dotted_path_or_the_error_says_what_is_missing():
    assert utils.get_func("durable_wf.compat.utils.uuid4") is utils.uuid4
    with pytest.raises(NonRecoverableError, match="No module named nowhere"):
        utils.get_func("nowhere.at_all")
    with pytest.raises(NonRecoverableError, match="has no function named 'nothing'"):
        utils.get_func("durable_wf.compat.utils.nothing")


def test_ids_are_random_texts_of_the_wanted_size():
    assert len(utils.id_generator()) == 6
    assert set(utils.id_generator(40, "ab")) == {"a", "b"}
    assert str(uuid.UUID(utils.uuid4())) != utils.uuid4()


def test_temporary_folders_are_made_where_the_variable_says(monkeypatch, tmp_path):
    monkeypatch.setenv("CFY_EXEC_TEMP", str(tmp_path))
    assert utils.get_exec_tempdir() == str(tmp_path)
    made = Path(utils.create_temp_folder())
    assert made.parent == tmp_path
    assert made.is_dir()
    assert utils.create_temp_folder() != str(made)


def test_a_command_is_run_and_tells_what_it_said(tmp_path):
    done = utils.LocalCommandRunner().run("sh -c 'pwd; echo $WHO >&2'", cwd=str(tmp_path), execution_env={"WHO": "me"})
    assert (done.std_out, done.std_err, done.return_code) == (os.path.realpath(tmp_path), "me", 0)


def test_a_command_that_fails_raises_with_its_output_unless_that_is_not_wanted():
    runner = utils.LocalCommandRunner(logging.getLogger("test"))
    with pytest.raises(CommandExecutionException) as caught:
        runner.run(["sh", "-c", "echo out; echo err >&2; exit 3"])
    assert (caught.value.code, caught.value.output, caught.value.error) == (3, "out", "err")
    assert runner.run("false", exit_on_failure=False).return_code == 1


def test_a_command_that_cannot_be_started_is_another_error():
    with pytest.raises(CommandExecutionError, match="no-such-command"):
        utils.LocalCommandRunner().run("no-such-command --help")


@pytest.mark.parametrize("stream", [io.BytesIO(b"one\ntwo"), io.StringIO("one\ntwo\n")])
def test_a_consumer_logs_and_keeps_each_line(stream, caplog):
    caplog.set_level(logging.INFO, "test")
    consumer = utils.OutputConsumer(stream, logging.getLogger("test"), "[out] ")
    consumer.join(20)
    assert consumer.output == ["one", "two"]
    assert caplog.messages == ["[out] one", "[out] two"]


def test_waiting_ends_with_the_wanted_value_or_the_wanted_error():
    asked = []

    def get(key):
        asked.append(key)
        return SimpleNamespace(status="done")

    assert utils.wait_for(get, "x", "status", "done", RuntimeError) == "done"
    assert utils.wait_for(get, "x", "status", lambda value: value == "done", RuntimeError) == "done"
    with pytest.raises(ValueError, match="x was not ready"):
        utils.wait_for(get, "x", "status", "ready", ValueError, "x was not ready", timeout=0)
    assert asked == ["x"] * 3


def http(code):
    return HTTPError("http://x", code, "no", {}, None)


@pytest.mark.parametrize(
    ("error", "calls"),
    [(ConnectionError(), 3), (TimeoutError(), 3), (http(503), 3), (http(404), 1), (ValueError(), 1)],
)
def test_a_failed_connection_is_tried_again_and_nothing_else(error, calls):
    made = []

    @utils.keep_trying_http(max_delay_sec=0)
    def fetch(name):
        made.append(name)
        if len(made) < 3:
            raise error
        return name

    if calls == 3:
        assert fetch("x") == "x"
    else:
        with pytest.raises(type(error)):
            fetch("x")
    assert len(made) == calls


def test_after_the_total_time_the_error_itself_is_raised():
    @utils.keep_trying_http(total_timeout_sec=0)
    def fetch():
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError, match="gone"):
        fetch()


def test_errors_of_requests_are_known_where_it_is_loaded(monkeypatch):
    class RequestException(OSError):
        response = SimpleNamespace(status_code=502)

    exceptions = SimpleNamespace(RequestException=RequestException)
    monkeypatch.setitem(sys.modules, "requests", SimpleNamespace(exceptions=exceptions))
    assert utils._may_pass(RequestException())
    RequestException.response = SimpleNamespace(status_code=404)
    assert not utils._may_pass(RequestException())


def test_internal_knows_how_a_hosts_agent_is_installed():
    method = utils.internal.get_install_method
    assert method({"agent_config": {"install_method": "init_script"}}) == "init_script"
    assert (method({"install_agent": True}), method({"install_agent": False}), method({})) == ("remote", "none", None)
