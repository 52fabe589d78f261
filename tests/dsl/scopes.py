"""What functions ask at run time, from plain data."""

from durable_wf.dsl.outcomes import EvaluationError
from durable_wf.model.plan import Output


class Scope:
    """A deployment, and the others that it can read; `world` is shared by all of them."""

    def __init__(self, name="here", *, nodes=None, instances=(), world=None, **who):
        self.name = name
        self.nodes = nodes or {}
        self.all = {one.id: one for one in instances}
        self.inputs, self.labels, self.capabilities, self.groups = {}, {}, {}, {}
        self.secrets = {}
        self.self_id = self.source_id = self.target_id = None
        self.world = {} if world is None else world
        self.world[name] = self
        self.consumed_by, self.handed_out = [], []
        self.__dict__.update(who)
        self.capabilities = {key: Output(value) for key, value in self.capabilities.items()}
        self.system = {
            "tenant": {"name": None},
            "deployment": {"id": name, "name": name, "blueprint": "b", "owner": None},
        }

    def node_properties(self, node):
        return self.nodes[node]

    def instance(self, instance_id):
        return self.all[instance_id]

    def instances(self, node):
        return [one for one in self.all.values() if one.node == node]

    def secret(self, name):
        if self.secrets is None:
            raise EvaluationError("not here")
        return self.secrets[name]

    def told(self, name, keys, value):
        self.handed_out.append((name, keys, value))

    def made(self, of, value):
        self.handed_out.append((of, value))

    def other(self, deployment):
        return self.world[deployment]

    def members(self, group):
        return self.groups.get(group, ())

    def consumers(self):
        return self.consumed_by
