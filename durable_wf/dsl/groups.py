"""Groups and policies as written -> as a plan has them, or what is wrong with them.

Source: reference/blueprint-dsl.md §13; §15 (all_to_one within a group).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from durable_wf.dsl.calls import CallChecker
from durable_wf.dsl.circles import circles
from durable_wf.dsl.containment import CONTAINED_IN
from durable_wf.dsl.counts import check_counts, scalable_of
from durable_wf.dsl.document import Entry
from durable_wf.dsl.grouping import MAX_NESTING, Arrangement, Conflict, Hierarchy, arrange
from durable_wf.dsl.problems import Report
from durable_wf.dsl.source import Pair, Value, child, plain
from durable_wf.dsl.templates import Link, Template, Templates
from durable_wf.dsl.types import TypeInfo, schemas
from durable_wf.model.groups import Group, GroupPolicy, GroupTrigger, Policy, PolicyType, ScalingGroup


class _Member(NamedTuple):
    """A name among a group's members or a policy's targets, and where it stands."""

    name: str
    value: Value
    path: str


class Groups:
    """All about groups of a checked blueprint, in the order of the files.

    all        every group
    scaling    those that a policy multiplies
    """

    def __init__(
        self,
        sections: Mapping[str, Mapping[str, Pair]],
        entries: Mapping[str, Mapping[str, Entry]],
        templates: Mapping[str, Template],
        read: Templates,
        calls: CallChecker,
        report: Report,
    ) -> None:
        self._sections = sections
        self._entries = entries
        self._templates = templates
        self._read = read
        self._calls = calls
        self._report = report
        self._type_infos: dict[str, dict[str, TypeInfo]] = {"policy_types": {}, "policy_triggers": {}}
        self.policy_types = self._types("policy_types", "properties")
        self.policy_triggers = self._types("policy_triggers", "parameters")
        self._members = {
            name: list(self._names(pair.value.get("members"), f"groups.{name}.members"))
            for name, pair in sections["groups"].items()
        }
        self.all = {name: self._group(name, pair.value) for name, pair in sections["groups"].items()}
        self.policies: dict[str, Policy] = {}
        self._policy_of: dict[str, str] = {}
        for name, pair in sections["policies"].items():
            self._policy(name, pair.value)
        self.scaling = self._scaling()

    # ------------------------------------------------------------------ what is only kept

    def _types(self, section: str, key: str) -> dict[str, PolicyType]:
        found: dict[str, PolicyType] = {}
        for name, pair in self._sections[section].items():
            path = child(section, name)
            schema = pair.value.get(key)
            readable = not pair.value.is_bad and not (schema and schema.is_bad)
            info = TypeInfo(name, (name,), schemas(schema, child(path, key)), {}, readable)
            self._type_infos[section][name] = info
            source = pair.value.get("source")
            found[name] = PolicyType((source.text or "") if source else "", plain(schema) or {})
            if not self._entries[section][name].builtin:
                self._report.note(_ONLY_KEPT, pair.key, path)
        return found

    def _group(self, name: str, value: Value) -> Group:
        path = f"groups.{name}"
        if name in self._templates:
            message = f"'{name}' is a node template too"
            self._report.add("group-named-like-node", message, self._sections["groups"][name].key, path)
        given = value.get("policies")
        if given is not None and given.pairs:
            self._report.note(_ONLY_KEPT, value.pairs["policies"].key, child(path, "policies"))
        policies = {
            each: self._group_policy(pair.value, child(child(path, "policies"), each))
            for each, pair in (given.pairs.items() if given else ())
        }
        return Group(tuple(dict.fromkeys(member.name for member in self._members[name])), policies)

    def _group_policy(self, value: Value, path: str) -> GroupPolicy:
        given = value.get("triggers")
        triggers = {}
        for name, pair in given.pairs.items() if given else ():
            where = child(child(path, "triggers"), name)
            triggers[name] = GroupTrigger(*self._typed(pair.value, where, "policy_triggers", "parameters"))
        return GroupPolicy(*self._typed(value, path, "policy_types", "properties"), triggers)

    def _typed(self, value: Value, path: str, section: str, key: str) -> tuple[str, dict[str, object]]:
        """A type's name, and values merged with its schema. Functions in them are kept as they are (§14)."""
        named = value.get("type")
        type_name = (named.text or "") if named else ""
        info = self._type_infos[section].get(type_name)
        values = self._read.properties(value.get(key), info, value.place, path, key)
        return type_name, {name: plain(each) for name, each in values.items()}

    # ------------------------------------------------------------------ scaling

    def _policy(self, name: str, value: Value) -> None:
        path = f"policies.{name}"
        properties = value.get("properties")
        where = child(path, "properties")
        if properties is not None:
            check_counts(properties, where, self._report)
        targets = list(self._names(value.get("targets"), child(path, "targets")))
        for target in targets:
            other = self._policy_of.setdefault(target.name, name)
            if other != name:
                message = f"the group '{target.name}' is a target of the policy '{other}' already"
                self._report.add("several-policies", message, target.value.place, target.path)
        kind = value.get("type")
        names = tuple(dict.fromkeys(target.name for target in targets))
        scalable = scalable_of(properties, where, self._calls)
        self.policies[name] = Policy((kind.text or "") if kind else "", names, scalable)

    @staticmethod
    def _names(value: Value | None, path: str) -> Iterator[_Member]:
        """The names in a list, but for those that were reported."""
        for index, item in enumerate(value.items if value else ()):
            if item.text is not None:
                yield _Member(item.text, item, child(path, index))

    def _scaling(self) -> dict[str, ScalingGroup]:
        self._break_circles()
        stands = self._flattened()
        if not stands:
            return {}
        containers, unsure = self._containers()
        found = arrange({name: list(members) for name, members in stands.items()}, containers, unsure)
        for conflict in found.conflicts:
            self._report_conflict(conflict, stands[conflict.group][conflict.member])
        if not found.conflicts:
            self._check_pairings(found, containers)
        scaling: dict[str, ScalingGroup] = {}
        for name, names in found.members.items():
            policy = self._policy_of[name]
            scalable = self.policies[policy].scalable
            scaling[name] = ScalingGroup(tuple(names), policy, found.containers[name], scalable)
        return scaling

    def _break_circles(self) -> None:
        """Report groups that are members of each other, and forget the members that close the circles."""

        def inner(group: str) -> list[str]:
            return [one.name for one in self._members[group] if self._is_group(one.name)]

        for circle in list(circles(self._members, inner)):
            group, member = circle[-2:]
            at = next(one for one in self._members[group] if one.name == member)
            message = f"groups are members of each other: {' -> '.join(circle)}"
            self._report.add("circular-groups", message, at.value.place, at.path)
            self._members[group] = [one for one in self._members[group] if one.name != member]

    def _is_group(self, name: str) -> bool:
        return name in self._members and name not in self._templates

    def _flattened(self) -> dict[str, dict[str, _Member]]:
        """Scaling groups with their members: nodes and scaling groups; other groups give theirs."""
        owner: dict[str, str] = {}
        opened: set[str] = set()
        found: dict[str, dict[str, _Member]] = {name: {} for name in self._policy_of if self._is_group(name)}
        for group, members in found.items():
            left = self._members[group][::-1]
            while left:
                member = left.pop()
                other = owner.setdefault(member.name, group)
                if other != group:
                    message = f"'{member.name}' is a member of the scaling group '{other}' already"
                    self._report.add("several-scaling-groups", message, member.value.place, member.path)
                elif member.name in found or member.name in self._templates:
                    members.setdefault(member.name, member)
                elif member.name not in opened and self._is_group(member.name):
                    opened.add(member.name)
                    left.extend(self._members[member.name][::-1])
        return found

    def _containers(self) -> tuple[dict[str, str | None], list[str]]:
        """Each node's container; and the nodes of which something is not known that could say another."""
        found: dict[str, str | None] = {}
        unsure: list[str] = []
        for name, template in self._templates.items():
            container = template.container
            found[name] = container if container in self._templates else None
            if template.pair.value.is_bad or any(map(self._is_unsure, template.links)):
                unsure.append(name)
        return found, unsure

    def _is_unsure(self, link: Link) -> bool:
        if link.type is None or not link.type.is_complete:
            return True
        return link.is_a(CONTAINED_IN) and link.target not in self._templates

    def _report_conflict(self, conflict: Conflict, at: _Member) -> None:
        name, member, other = conflict.group, conflict.member, conflict.other
        if conflict.code == "groups-too-deep":
            message = f"'{member}' is in more than {MAX_NESTING} scaling groups"
        elif other is None:
            message = f"the scaling group '{name}' lies in itself: each member is contained in another one"
        else:
            message = f"'{member}' and '{other}' are in the scaling group '{name}', but not contained in one node"
        self._report.add(conflict.code, message, at.value.place, at.path)

    def _check_pairings(self, found: Arrangement, containers: Mapping[str, str | None]) -> None:
        """Report relationships of type all_to_one between nodes of one scaling group."""
        hierarchy = Hierarchy(found.members, found.containers, containers)
        for template in self._templates.values():
            for link in template.links:
                kind = link.properties.get("connection_type")
                if kind is None or kind.content != "all_to_one" or link.is_a(CONTAINED_IN):
                    continue
                target = link.target or ""
                shared = hierarchy.shared_groups(template.name, target) if target in containers else []
                if shared:
                    message = f"'{template.name}' and '{target}' are in the scaling group '{shared[0]}'"
                    at, path = link.connection_type()
                    self._report.add("all-to-one-in-group", message, at, path, expected="all_to_all")


_ONLY_KEPT = "kept in the plan, but nothing acts on it: there is no monitoring without a server"
