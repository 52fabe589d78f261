"""Workflow programs as data: made at random, run as a generator that asks and is answered, never by a thread.

A program is what an author could have written: tasks in standard mode, gets in any order, failures caught, handled and
raised again, graphs with subgraphs, forkjoins and several executes. What its operations do stands in their requests.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

from durable_wf.authoring.recorded import failed_tasks, mark
from durable_wf.codec import decode, encode
from durable_wf.graph.build import GraphBuild
from durable_wf.model.commands import Consult
from durable_wf.model.events import Asked as AsksFor
from durable_wf.model.events import Begins, Gets, Polls, Raised, Returned, Spec
from durable_wf.model.rows import Kind
from tests.laws.asked import Asked, Handler

INSTANCES = ("i0", "i1", "i2", "quiet", *(f"s{number}" for number in range(12)))
EFFECTS = (Kind.EVENT, Kind.SET_STATE, Kind.GET_STATE, Kind.NOP, Kind.REFRESH)
FOR_EVER_S = 1e9  # a wait_after_fail that never passes, so that what ends a graph does not depend on time


@dataclass(frozen=True)
class Op:
    """What a task is asked for.

    id          unique in the program, but where two ask for the same
    key         its name; tasks of one name differ in their arguments
    script      what its first, second, … attempt does: ok, fail, final, again; `fail:5` asks for a wait of 5 s.
                The last word goes on for ever
    on_unknown  as in its policy
    """

    id: int
    key: str
    kind: Kind = Kind.OPERATION
    script: tuple[str, ...] = ("ok",)
    retries: int = 0
    interval: float = 10.0
    on_unknown: str = "rerun"
    target: str = ""

    def spec(self, parent: Spec | None = None) -> Spec:
        """A new task as the function asks for it."""
        kwargs = {"id": self.id}
        if self.kind == Kind.EVENT:
            kwargs = {"event": f"event {self.id}", "event_type": "workflow_stage"}
        elif self.kind == Kind.SET_STATE:
            kwargs = {"state": f"state {self.id}"}
        policy = {"total_retries": self.retries, "retry_interval": self.interval, "on_unknown": self.on_unknown}
        body = {"kwargs": kwargs, "policy": policy, "script": list(self.script)}
        return Spec(self.kind, self.key, self.target, encode(body), parent)


@dataclass(frozen=True)
class Ask:
    op: Op


@dataclass(frozen=True)
class Get:
    """Fetch the task of `Ask` with this id."""

    id: int


@dataclass(frozen=True)
class Try:
    body: tuple
    handler: tuple
    reraise: bool = False


@dataclass(frozen=True)
class TryAgain:
    """`for op in ops: try: op.get(); break; except: continue`."""

    ops: tuple


@dataclass(frozen=True)
class Poll:
    """The function asks whether a cancel request waits, and ends if one does."""


@dataclass(frozen=True)
class Modify:
    """The deployment is modified: `count` instances of its node, the body, and the end of it.

    id    of the task of the start; that of its end is one more, that of an end after a cancel two
    insists  whether it is rolled back where the function is told of a cancel request in it
    """

    id: int
    count: int
    body: tuple
    rolls_back: bool
    insists: bool

    def spec(self, kind, **kwargs):
        """The start or an end, as the function asks for it."""
        policy = {"total_retries": 0, "retry_interval": 0.0, "on_unknown": "rerun"}
        return Spec(kind, kwargs.get("id", ""), "", encode({"kwargs": kwargs, "policy": policy}))


@dataclass(frozen=True)
class Own:
    """The function raises an error of its own."""


@dataclass(frozen=True)
class Sub:
    name: str
    members: tuple

    def subgraph(self, parent=None):
        """A new subgraph as the function asks for it."""
        return Op(0, self.name, Kind.SUBGRAPH).spec(parent)


@dataclass(frozen=True)
class Execute:
    """Add to a graph and execute it.

    first  number of its first node in its graph; the others follow, members after their subgraph
    nodes  `Op`s and `Sub`s
    edges  (number, number of what it waits for); nodes of an execute that was not reached are left out
    joins  (numbers, numbers): everything in the second waits for everything in the first, by a hub
    handlers  (number, `Handler`) of nodes of its own
    """

    graph: str
    first: int
    nodes: tuple
    edges: tuple = ()
    joins: tuple = ()
    wait_after_fail_s: float = FOR_EVER_S
    handlers: tuple = ()


@dataclass(frozen=True)
class Program:
    body: tuple


class Told(Exception):
    """What a call raises in the function that is told of a cancel request."""


class TaskFailed(Exception):
    """What a fetched failure raises in the function."""


class OwnError(Exception):
    """The function's own error."""


@dataclass
class Graph:
    """A graph that the function is building; its nodes by number."""

    build: GraphBuild
    flat: dict = field(default_factory=dict)


class Function:
    """One run of a program's function.

    shuffle  builds graphs in another order, as a set with another hash seed would; None for the order as written
    log      what it has seen; it returns that
    loose    whether it ended while tasks that it had asked for had not been fetched
    """

    def __init__(self, program, shuffle=None):
        self.program = program
        self.shuffle = shuffle
        self.log = []
        self.loose = False
        self._tasks = {}
        self._answers = {}
        self._graphs = {}
        self._polls = 0
        self._asked = Asked()
        self.path = None  # of the execute() that it is in

    def run(self):
        """A generator: yields what it asks for, is sent what it waits for; the last is Returned or Raised."""
        yield Begins()
        try:
            yield from self._block(self.program.body)
        except (TaskFailed, OwnError, Told) as error:
            self.loose = self._tasks.keys() != self._answers.keys()
            text = {"type": f"tests:{type(error).__name__}", "message": str(error), "arguments": [], "traceback": ""}
            record = {**text, "causes": [], "log": self.log}
            yield Raised(record, failed_tasks(error), cancelled=isinstance(error, Told))
        else:
            yield Returned(encode(self.log))

    def _block(self, body):
        for statement in body:
            yield from getattr(self, f"_{type(statement).__name__.lower()}")(statement)

    def _ask(self, statement):
        spec = statement.op.spec()
        self._tasks[statement.op.id] = spec
        yield AsksFor(spec)

    def _get(self, statement):
        if statement.id in self._tasks:
            yield from self._fetch(statement.id)

    def _fetch(self, number):
        spec = self._tasks[number]
        if number not in self._answers:
            answer = yield Gets(spec)
            if answer.cancelled:
                raise Told(f"get of {spec.name}")
            self._answers[number] = answer
        answer = self._answers[number]
        detail = decode(answer.detail_json) or {}
        if answer.failed:
            raise mark(TaskFailed(f"{spec.name}: {detail['error']['message']}"), answer.failed)
        self.log.append([spec.name, detail.get("result")])

    def _try(self, statement):
        try:
            yield from self._block(statement.body)
        except (TaskFailed, OwnError, Told) as error:
            self.log.append(["caught", str(error)])
            yield from self._block(statement.handler)
            if statement.reraise:
                raise

    def _tryagain(self, statement):
        for op in statement.ops:
            yield from self._ask(Ask(op))
            try:
                yield from self._fetch(op.id)
            except TaskFailed as error:
                self.log.append(["next", str(error)])
            else:
                return

    def _poll(self, _statement):
        self._polls += 1
        answer = yield Polls(self._polls)
        self.log.append(["poll", answer.cancelled])
        if answer.cancelled:
            raise Told(f"poll {self._polls}")

    def _modify(self, statement):
        """What may be tried again is fetched before the end: whether that comes before it is a matter of time."""
        nodes = {"node": {"instances": statement.count}}
        start = statement.spec(Kind.START_MODIFICATION, nodes=nodes, limited=False, dry_run=False)
        yield from self._do(statement.id, start)
        uid = decode(self._answers[statement.id].detail_json)["result"]["id"]
        try:
            yield from self._end_modified(statement, uid)
        except Told:
            if statement.insists and statement.id + 1 not in self._answers:
                yield from self._do(statement.id + 2, statement.spec(Kind.ROLLBACK_MODIFICATION, id=uid))
            raise

    def _end_modified(self, statement, uid):
        yield from self._block(statement.body)
        for number in sorted(self._tasks.keys() - self._answers.keys()):
            if decode(self._tasks[number].request).get("script") != ["ok"]:
                yield from self._try(Try((Get(number),), ()))
        kind = Kind.ROLLBACK_MODIFICATION if statement.rolls_back else Kind.FINISH_MODIFICATION
        yield from self._do(statement.id + 1, statement.spec(kind, id=uid))

    def _do(self, number, spec):
        self._tasks[number] = spec
        yield AsksFor(spec)
        yield from self._fetch(number)

    def _own(self, _statement):
        raise OwnError("of its own")
        yield

    def _execute(self, statement):
        graph = self._graphs.setdefault(statement.graph, Graph(GraphBuild(statement.graph)))
        self._add(graph, statement)
        asked = graph.build.take(statement.wait_after_fail_s)
        self.path = asked.path
        answer = yield asked
        while isinstance(answer, Consult):
            answer = yield self._asked.decide(answer)
        if answer.cancelled:
            raise Told(f"execute of {statement.graph}")
        if answer.failed:
            names = ", ".join(sorted(f"{cause.name} {cause.target}".strip() for cause in answer.causes))
            raise mark(TaskFailed(f"{statement.graph}: {names}"), answer.failed)
        self.log.append([statement.graph, "ended"])

    def _add(self, graph, statement):
        build, flat = graph.build, graph.flat
        numbers = itertools.count(statement.first)
        self._add_tree(build, [self._tree(flat, numbers, node, None) for node in statement.nodes])
        for before, after in self._in_any_order(list(statement.joins)):
            build.follow([flat[at] for at in before], [flat[at] for at in after], flat[before[0]].parent)
        for one, on in self._in_any_order(list(statement.edges)):
            if on in flat and not self._asked.is_out(flat[on]):
                build.depend(flat[one], flat[on])
        for number, handler in statement.handlers:
            self._asked.register(flat[number], handler, flat)

    def _tree(self, flat, numbers, node, parent):
        """(spec, trees of its members); `flat` gets every spec in the order as written."""
        spec = node.subgraph(parent) if isinstance(node, Sub) else node.spec(parent)
        flat[next(numbers)] = spec
        members = node.members if isinstance(node, Sub) else ()
        return spec, [self._tree(flat, numbers, member, spec) for member in members]

    def _add_tree(self, build, trees):
        for spec, members in self._in_any_order(trees):
            build.add(spec)
            self._add_tree(build, members)

    def _in_any_order(self, items):
        if self.shuffle is not None:
            self.shuffle.shuffle(items)
        return items


class Maker:
    """Makes programs.

    rng      a random.Random, or Hypothesis's
    failing  how likely an operation fails for good
    hurried  whether graphs may be ended by wait_after_fail
    asked    how likely a task of a graph has a handler
    polls    whether the function asks for cancel requests
    modifies whether the function modifies its deployment
    careful  whether some operations must not be repeated without asking, or fail when nobody knows how they ended
    """

    def __init__(self, rng, *, failing=0.15, hurried=False, careful=False, asked=0.15, polls=False, modifies=False):
        self.rng = rng
        self.polls = polls
        self.modifies = modifies
        self.asked = asked
        self.failing = failing
        self.hurried = hurried
        self.careful = careful
        self._ids = 0
        self._asked = []
        self._graphs = {}
        self._states = 0

    def program(self):
        return Program(self._body(self.rng.randint(1, 5), 0))

    def _body(self, length, depth):
        makers = [self._ask, self._ask, self._get, self._execute, self._some]
        if depth < 2:
            makers += [self._try, self._try_again]
        if self.polls:
            makers.append(lambda _: Poll())
        if self.modifies and depth < 2:
            makers += [self._modify, self._modify]
        if depth and self.rng.random() < 0.1:
            makers.append(lambda _: Own())
        return tuple(self.rng.choice(makers)(depth) for _ in range(length))

    def _op(self, *, in_graph):
        self._ids += 1
        number = self._ids
        if self.rng.random() < 0.25:
            return self._effect(number, in_graph=in_graph)
        kind = self.rng.choice([Kind.OPERATION, Kind.OPERATION, Kind.OPERATION, Kind.LOCAL])
        target = self.rng.choice(["", "i0", "i1", "i2"]) if kind == Kind.OPERATION else ""
        key = "same" if self.rng.random() < 0.2 else f"op{number}"
        on_unknown = self.rng.choice(["rerun", "rerun", "ask", "fail"]) if self.careful else "rerun"
        interval = self.rng.choice([0.0, 10.0, 3600.0])
        if self.rng.random() < self.failing:
            script = self.rng.choice([("fail",), ("final",), ("again:7",), ("fail", "final")])
            retries = self.rng.randint(0, 2)
        else:
            before = self.rng.choice([(), (), (), ("fail",), ("again:5",), ("fail:3", "fail")])
            script, retries = (*before, "ok"), self.rng.choice([len(before), len(before) + 1, -1])
        return Op(number, key, kind, script, retries, interval, on_unknown, target)

    def _effect(self, number, *, in_graph):
        kind = self.rng.choice(EFFECTS)
        target = ""
        if kind == Kind.SET_STATE and (in_graph or self._states):
            self._states += 1
            target = f"s{self._states}" if self._states < 12 else "gone"  # one that is not there fails
        elif kind == Kind.SET_STATE:
            target = "s0"
        elif kind == Kind.GET_STATE:
            target = "quiet"
        return Op(number, f"effect{number}", kind, target=target)

    def _ask(self, _depth):
        op = self._op(in_graph=False)
        self._asked.append(op.id)
        return Ask(op)

    def _get(self, depth):
        return Get(self.rng.choice(self._asked)) if self._asked else self._ask(depth)

    def _modify(self, depth):
        """In what may fail, so that some are left started."""
        number = self._ids + 1
        self._ids += 3
        count = len(INSTANCES) + self.rng.randint(0, 3)
        body = (self._on_an_instance(), *self._body(self.rng.randint(0, 2), depth + 2), self._on_an_instance())
        rolls_back, insists = self.rng.random() < 0.6, self.rng.random() < 0.7
        return Modify(number, count, body, rolls_back, insists)

    def _on_an_instance(self):
        self._ids += 1
        return Ask(Op(self._ids, f"op{self._ids}", target=self.rng.choice(["i0", "i1", "i2"])))

    def _some(self, _depth):
        """Several at once, fetched in another order."""
        ops = [self._op(in_graph=False) for _ in range(self.rng.randint(2, 4))]
        ids = [op.id for op in ops]
        self.rng.shuffle(ids)
        return Try((*map(Ask, ops), *map(Get, ids)), (), reraise=True)

    def _try(self, depth):
        return Try(
            self._body(self.rng.randint(1, 3), depth + 1),
            self._body(self.rng.randint(0, 2), depth + 1),
            reraise=self.rng.random() < 0.5,
        )

    def _try_again(self, _depth):
        return TryAgain(tuple(self._op(in_graph=False) for _ in range(3)))

    def _execute(self, _depth):
        name = self.rng.choice(["g", "g", "h"])
        flat = self._graphs.setdefault(name, [])
        old = len(flat)
        nodes = tuple(self._node(flat, (), 0) for _ in range(self.rng.randint(0, 5)))
        joins = self._joins(flat, old)
        edges = {self._edge(flat, old) for _ in range(self.rng.randint(0, 6))} if len(flat) > old else set()
        wait_s = self.rng.choice([0.0, 5.0, FOR_EVER_S]) if self.hurried else FOR_EVER_S
        edges = tuple(sorted(edge for edge in edges if edge))
        return Execute(name, old, nodes, edges, joins, wait_s, tuple(self._handlers(_flatten(nodes), old, edges)))

    def _handlers(self, nodes, old, edges):
        """Handlers of some nodes. What one takes out or holds back waits for its own task: it cannot have begun."""
        taken = set()
        for number, node in enumerate(nodes, old):
            if self.rng.random() > self.asked:
                continue
            waiting = [one for one, on in edges if on == number and one not in taken]
            parts = self.rng.sample(waiting, min(len(waiting), self.rng.choice([0, 1])))
            taken.update(parts)
            yield number, self._handler(node, tuple(parts), self.rng.choice(["before", "takes", "unlinks"]))

    def _handler(self, node, parts, what):
        good = self.rng.random() < 0.5
        if isinstance(node, Sub):
            last = self.rng.choice(["cont"] if good else ["ignore", "fail", "replace", "replace:5"])
        else:
            last = self.rng.choice(["cont", "cont", "fail"] if good else ["ignore", "ignore", "fail", "replace"])
        before = [self.rng.choice(["retry", "retry:7"]) for _ in range(self.rng.choice([0, 0, 1, 2]))]
        words = (last,) if isinstance(node, Sub) else (*before, last)
        adds = tuple(self._op(in_graph=True) for _ in range(self.rng.choice([0, 0, 1, 2])))
        return Handler(good, words, len(words), adds, **{what: parts}, instead=self._instead(node))

    def _instead(self, node):
        """Something that ends well, mostly."""
        self._ids += 1
        if isinstance(node, Op):
            return Op(self._ids, f"instead{self._ids}", script=self.rng.choice([("ok",), ("ok",), ("final",)]))
        name = f"again{self._ids}"
        return Sub(name, tuple(self._op(in_graph=True) for _ in range(self.rng.randint(0, 2))))

    def _node(self, flat, around, depth):
        at = len(flat)
        flat.append(around)
        if depth < 3 and self.rng.random() < 0.3:
            self._ids += 1
            name = f"sub{self._ids}"
            return Sub(name, tuple(self._node(flat, (*around, at), depth + 1) for _ in range(self.rng.randint(0, 4))))
        return self._op(in_graph=True)

    def _edge(self, flat, old):
        """A new node after one before it that does not contain it: so there are no cycles."""
        one = self.rng.randint(old, len(flat) - 1)
        before = [at for at in range(one) if at not in flat[one]]
        return (one, self.rng.choice(before)) if before else None

    def _joins(self, flat, old):
        """Of each level perhaps two forkjoins, one after the other."""
        levels = {}
        for at in range(old, len(flat)):
            levels.setdefault(flat[at], []).append(at)
        wide = [level for level in levels.values() if len(level) >= 4 and self.rng.random() < 0.5]
        return tuple((tuple(level[:2]), tuple(level[2:4])) for level in wide)


def _flatten(nodes):
    """The nodes in the order of their numbers."""
    for node in nodes:
        yield node
        if isinstance(node, Sub):
            yield from _flatten(node.members)
