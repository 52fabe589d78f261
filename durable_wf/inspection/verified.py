"""What `verify` says, as data. Apart from what finds it out, because the command line needs it at every start."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Doubted:
    """An execution or a deployment of which something is not as it was written.

    kind   `execution` or `deployment`
    id     the execution's id, or the deployment's name; its number where the row cannot be read
    since  from this seq on; what is before it is whole. null where it is not known
    """

    kind: str
    id: str
    since: int | None

    def __str__(self) -> str:
        return f"{self.kind} {self.id}{'' if self.since is None else f' from seq {self.since} on'}"


@dataclass(frozen=True, slots=True)
class Trust:
    """What of a damaged journal still is what was written.

    up_to    all that was committed up to this seq; null where that cannot be said
    whole    ids of the executions in which nothing is wrong
    doubted  the others, and deployments
    """

    up_to: int | None
    whole: list[str]
    doubted: list[Doubted]


@dataclass(frozen=True, slots=True)
class Found:
    """A problem.

    check      what noticed it: chain, L1, L2, L4, times, integrity, references, schema, checksum, versions, numbers,
               head, reading
    execution  whose rows it is about; null where it is none's
    seq        the first one that it casts doubt on; null where it has no place in that order
    """

    check: str
    execution: str | None
    seq: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What was looked at, and what is wrong.

    rows      how many were there to be checked, by table, and `chain`
    problems  none when all is well
    trust     null when all is well
    head      `seq:hash` of the newest link, by which an older copy of the journal is told; null in an empty one
    """

    executions: int
    rows: dict[str, int]
    seconds: float
    problems: list[Found] = field(default_factory=list)
    trust: Trust | None = None
    head: str | None = None
