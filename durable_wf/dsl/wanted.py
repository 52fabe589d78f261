"""What is asked of a modification: how many instances of what, and hints which of them go.

Source: reference/workflow-api.md §2.7; reference/blueprint-dsl.md §16.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

from durable_wf.dsl.parameters import ValuesError
from durable_wf.dsl.placing import Leaving, Placed, within
from durable_wf.model.groups import Scalable

_SUBJECT = "this modification cannot be"
_INSTANCES, _INCLUDE, _EXCLUDE = "instances", "removed_ids_include_hint", "removed_ids_exclude_hint"


class ModificationError(ValuesError):
    """A modification is not asked for as it must be."""

    code = "modification"
    explanation = (
        "A modification is a mapping: name of a node or scaling group -> {instances: how many it shall have in each "
        "instance of what it is in, removed_ids_include_hint: [ids], removed_ids_exclude_hint: [ids]}. "
        "The hints may be left out. Each line names the place."
    )


class Change(NamedTuple):
    """What is wanted of one node or scaling group.

    instances  in each place
    include    ids that should go, the first ones first
    exclude    ids that should stay
    """

    instances: int
    include: tuple[str, ...] = ()
    exclude: frozenset[str] = frozenset()


def read_wanted(wanted: Any, known: Collection[str]) -> tuple[dict[str, Change], tuple[str, ...]]:
    """What is wanted of those that are known, and the names of which nothing is known.

    raises  ModificationError naming all that is wrong with the known ones
    """
    if not isinstance(wanted, Mapping):
        raise ModificationError(_SUBJECT, [f"it is a mapping of names, not {_shown(wanted)}"])
    problems = [line for name, given in wanted.items() if name in known for line in _problems(name, given)]
    if problems:
        raise ModificationError(_SUBJECT, problems)
    changes = {name: _change(given) for name, given in wanted.items() if name in known}
    return changes, tuple([str(name) for name in wanted if name not in known])


def _problems(name: str, given: Any) -> Iterator[str]:
    if not isinstance(given, Mapping):
        yield f"{name}: a mapping with the key '{_INSTANCES}' is expected, not {_shown(given)}"
        return
    allowed = (_INSTANCES, _INCLUDE, _EXCLUDE)
    for key in given:
        if key not in allowed:
            yield f"{name}: there is no key {_shown(key)}; there are {', '.join(allowed)}"
    number = given.get(_INSTANCES)
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        said = _shown(number) if _INSTANCES in given else "nothing"
        yield f"{name}.{_INSTANCES}: an integer of at least 0 is expected, not {said}"
    for key in (_INCLUDE, _EXCLUDE):
        hint = given.get(key)
        listed = isinstance(hint, Sequence | AbstractSet) and not isinstance(hint, str)
        if hint is not None and not (listed and all(isinstance(one, str) for one in hint)):
            yield f"{name}.{key}: a list of ids is expected, not {_shown(hint)}"


def _change(given: Mapping[str, Any]) -> Change:
    include = given.get(_INCLUDE) or ()
    ordered = sorted(include) if isinstance(include, AbstractSet) else include
    return Change(given[_INSTANCES], tuple(ordered), frozenset(given.get(_EXCLUDE) or ()))


def _shown(value: Any) -> str:
    return repr(value)[:80]


def check_limits(changes: Mapping[str, Change], scalable: Callable[[str], Scalable]) -> None:
    """raises ModificationError naming all that have less or more instances than the blueprint lets them have."""
    problems = []
    for name, change in changes.items():
        limits = scalable(name)
        if change.instances < limits.min_instances:
            problems.append(
                f"{name}.{_INSTANCES}: {change.instances} is less than min_instances, {limits.min_instances}"
            )
        if limits.max_instances >= 0 and change.instances > limits.max_instances:
            problems.append(
                f"{name}.{_INSTANCES}: {change.instances} is more than max_instances, {limits.max_instances}"
            )
    if problems:
        raise ModificationError(_SUBJECT, problems)


def leaving(changes: Mapping[str, Change], standing: Mapping[str, Sequence[Placed]]) -> Leaving:
    """Who leaves a place in which there are more instances than are wanted, and nobody else.

    First those that hints include, in the order of the hint; then the newest of those that hints do not exclude;
    then the newest of these too: hints are best effort. A hint for a group may name an instance of it, or of
    anything that is in one, itself or through what contains it; one for a node names its own instances only.
    """
    by_id = {one.id: one for each in standing.values() for one in each}
    included = {name: _named(name, change.include, by_id) for name, change in changes.items()}
    excluded = {name: _named(name, sorted(change.exclude), by_id) for name, change in changes.items()}

    def leaves(name: str, here: Sequence[Placed]) -> Sequence[Placed]:
        surplus = len(here) - changes[name].instances if name in changes else 0
        if surplus <= 0:
            return ()
        first, last = included[name], excluded[name]
        return sorted(here, key=lambda one: (first.get(one, len(first)), one in last, -one.index))[:surplus]

    return leaves


def _named(name: str, ids: Iterable[str], by_id: Mapping[str, Placed]) -> dict[Placed, int]:
    """The instances of an entity that ids mean, with their ranks."""
    found: dict[Placed, int] = {}
    for each in ids:
        one = by_id.get(each)
        meant = () if one is None else (one,) if one.name == name else within(one, [name])
        for instance in meant:
            if instance.id == each or instance.stored is None:  # itself, or the group instance that it is in
                found.setdefault(instance, len(found))
    return found
