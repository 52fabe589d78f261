"""Modifications of deployments without a journal: planned, started, finished, and looked at."""

from __future__ import annotations

from itertools import count

from durable_wf.dsl.modification import Topology, finished, plan_modification, started


class Living:
    """A deployment that is modified again and again.

    used   every id that an instance of a node or a group ever had
    """

    def __init__(self, nodes, groups, instances):
        self.nodes, self.groups, self.instances, self.counts = nodes, groups, instances, {}
        self.used = set()
        self._remember()

    @classmethod
    def of(cls, plan):
        return cls(plan.nodes, plan.blueprint.scaling_groups, plan.instances)

    def _remember(self):
        self.used |= {one.id for one in self.instances}
        self.used |= {group.id for one in self.instances for group in one.scaling_groups}

    def topology(self):
        return Topology(self.nodes, self.groups, self.instances, self.counts, self.used)

    def planned(self, wanted, **options):
        """The suffixes begin anew: ids that were given before are offered again."""
        numbers = count()
        return plan_modification(self.topology(), wanted, lambda: f"{next(numbers):06}", **options)

    def modify(self, wanted):
        """Plan, start and finish it; returns the plan."""
        made = self.planned(wanted)
        self.instances = started(self.instances, made)
        self._remember()
        self.instances = finished(self.instances, made)
        self.counts = {**self.counts, **made.counts}
        return made

    def scaled(self, **counts):
        return self.modify({name: {"instances": number} for name, number in counts.items()})

    def ids(self, node):
        return [one.id for one in self.instances if one.node == node]

    def all_of(self, node):
        return [one for one in self.instances if one.node == node]


def told(changed):
    """A list of a modification as {(node, marker): (how many, relationships of each)}."""
    found = {}
    for one in changed:
        found.setdefault((one.instance.node, one.modification), []).append(len(one.instance.relationships))
    return {key: (len(numbers), *sorted(set(numbers))) for key, numbers in found.items()}
