"""What plugins print while operations run is masked."""

import io
import sys

from durable_wf.cli.streams import masked_streams
from durable_wf.sources.vault import VAULT


def test_what_is_printed_is_masked(monkeypatch):
    """On both streams, line by line or in one; afterwards the streams are what they were."""
    VAULT.use({"token": "hush-hush"})
    VAULT.value("token")
    out, err = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    with masked_streams():
        print("a", "hush-hush")  # noqa: T201 - it is what plugins do
        sys.stderr.writelines(["x hush-hush\n", "y"])
        assert sys.stdout.getvalue() == "a <secret token>\n"
    assert (sys.stdout, sys.stderr) == (out, err)
    assert err.getvalue() == "x <secret token>\ny"


def test_a_stream_that_is_closed_or_replaced_meanwhile(monkeypatch):
    """None stays None; what somebody put there stays."""
    monkeypatch.setattr(sys, "stdout", None)
    theirs = io.StringIO()
    monkeypatch.setattr(sys, "stderr", sys.stderr)
    with masked_streams():
        assert sys.stdout is None
        sys.stderr = theirs
    assert sys.stderr is theirs
