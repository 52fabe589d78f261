"""What tests need of the machine. One that cannot have it fails and says so; it is not skipped."""

import subprocess

APART = ("unshare", "--pid", "--fork", "--kill-child")
AS_ROOT = ("--user", "--map-root-user")


def in_a_pid_namespace():
    """The beginning of a command that is to run in a pid namespace of its own."""
    for command in (APART, (APART[0], *AS_ROOT, *APART[1:])):
        try:
            done = subprocess.run([*command, "true"], capture_output=True, text=True, check=False)
        except FileNotFoundError:
            raise AssertionError("this test needs unshare, of util-linux") from None
        if done.returncode == 0:
            return command
    text = f"this test needs pid namespaces: run it as root, or allow user namespaces ({done.stderr.strip()})"
    raise AssertionError(text)
