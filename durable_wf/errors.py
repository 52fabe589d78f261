"""Every error the engine raises on purpose: one base, and whose fault it is in the class.

An error says what is wrong, where, what was expected and how to mend it. `code` is stable and can be
given to `durable-wf explain`; `exit_code` is what the command line ends with. Facts are attributes,
so that callers never parse the text.
"""

from __future__ import annotations

from typing import ClassVar


class DurableError(Exception):
    """Base of all errors that a caller may want to catch.

    message  one sentence: what is wrong, and where
    hint     how to mend it, if we know
    """

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1
    explanation: ClassVar[str] = "Something that durable-wf was asked to do could not be done."

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(DurableError):
    """The caller asked for something that cannot be asked for."""

    code = "usage"
    exit_code = 2
    explanation = "The command or the call does not fit what it was given; the text names the argument."


class InputError(DurableError):
    """A blueprint, a plugin or a parameter is not as it must be. Nothing was changed (L11)."""

    code = "bad-input"
    exit_code = 3
    explanation = "A blueprint, plugin or parameter was refused before anything was written. The text names the place."


class UnavailableError(InputError):
    """A workflow may not be started now: its availability rules do not hold (blueprint-dsl §10)."""

    code = "unavailable"
    explanation = (
        "The blueprint says when this workflow may be started (`availability_rules`): never, while all, some or none "
        "of the instances are started, or where there is a node of some type. The text names the rule."
    )


class NotFoundError(DurableError):
    """What was named does not exist."""

    code = "not-found"
    exit_code = 7
    explanation = "No execution, deployment, workflow or task has this name. Near matches are shown."


class AskError(DurableError):
    """The engine will not go on before a person has said yes."""

    code = "asks"
    exit_code = 6
    explanation = (
        "Going on would repeat or undo something that only a person can judge. The text lists it, and "
        "the option that says yes."
    )


class HeldError(DurableError):
    """Another live runner owns the execution, or another process holds the write lock (L4)."""

    code = "held"
    exit_code = 8
    explanation = (
        "An execution has one runner. The one that owns it is alive; wait for it, or use "
        "`resume --take-over`, which kills it first."
    )


class JournalError(DurableError):
    """The journal cannot be used as it is."""

    code = "journal"
    exit_code = 9
    explanation = "The journal file is damaged, too new, not a journal, or older than its head file says."


class JournalDamaged(JournalError):
    """A value of the journal is not what the hash chain says it was (L13)."""

    code = "journal-damaged"
    explanation = "`durable-wf verify` recomputes the hash chain and names the first row that does not fit."


class JournalBehindHead(JournalError):
    """The journal is older than its head file: a WAL was cut or deleted, or a backup restored (L6)."""

    code = "journal-behind-head"
    explanation = (
        "After each commit the newest seq and hash are written beside the journal. The journal now ends "
        "earlier, so outcomes may be missing. `--accept-loss` of `run` or `resume` goes on from what is there."
    )


class HeadUnreadable(JournalBehindHead):
    """There is a head file and it cannot be read: the journal may be older than it, and may not (L6)."""

    code = "head-unreadable"
    explanation = (
        "The file beside the journal that names its newest seq and hash cannot be read, or is not what was "
        "written. Whether outcomes are missing is not known. Make it readable again, or go on with `run` or `resume "
        "--accept-loss`, which writes it anew."
    )


class StorageError(DurableError):
    """The disk or the operating system refused a read or a write."""

    code = "storage"
    exit_code = 10
    explanation = (
        "A commit failed with an I/O error or a full disk. Nothing is retried on a handle that saw one; "
        "free the cause and resume."
    )


class NetworkFileSystemError(JournalError):
    """SQLite's and our locks cannot be trusted where the journal lies."""

    code = "network-fs"
    exit_code = 10
    explanation = "Locks on network file systems are unreliable; `--unsafe-network-fs` goes on all the same."


class CodeDiffersError(DurableError):
    """The code asks for other tasks than the journal remembers; nothing was changed."""

    code = "code-differs"
    exit_code = 11
    explanation = (
        "A resume runs the workflow function again and matches what it asks for with the journal. Here "
        "they differ: the two columns show how. Put the code back and resume again."
    )


class EngineBug(DurableError):
    """A rule of the engine was broken by the engine. Please report it with the text."""

    code = "engine-bug"
    exit_code = 70
    explanation = "An inner rule was broken. Nothing more is written for the execution; please report it."


class IllegalTransition(EngineBug):
    """A state machine was asked for a transition that its table does not list."""

    code = "illegal-transition"
    explanation = "The tables in schema/states.md list every transition there is; this one is not there."

    def __init__(self, machine: str, state: str, event: str) -> None:
        super().__init__(f"{machine}: no transition from '{state}' on '{event}'")
        self.machine = machine
        self.state = state
        self.event = event


class EngineSignal(BaseException):
    """Control flow that a workflow's `except Exception` must not swallow."""


class RunnerStopping(EngineSignal):
    """Unwinds the workflow function: its runner lies down. The execution can be resumed."""


class Fenced(EngineSignal):
    """Unwinds the workflow function: another runner has claimed the execution (L4)."""


class NonDeterministicWorkflow(EngineSignal):
    """Unwinds the workflow function: it asks for other tasks than the journal remembers.

    report  two columns, ready to print
    """

    def __init__(self, report: str) -> None:
        super().__init__(report)
        self.report = report
