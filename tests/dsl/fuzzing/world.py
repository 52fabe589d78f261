"""What is known of a blueprint while it is drawn: names, types, what fits where. Draws by the table's shapes."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from random import Random
from typing import Any, ClassVar, NamedTuple

from durable_wf.dsl.grammar import EXECUTORS, TYPES
from durable_wf.dsl.not_yet import refusal
from durable_wf.dsl.shapes import (
    NEWEST,
    Anything,
    Boolean,
    CodePath,
    Either,
    FunctionCall,
    Ignored,
    ListOf,
    MapOf,
    Name,
    Nothing,
    Number,
    OneOf,
    Record,
    Ref,
    Text,
    TypeName,
    Version,
)
from tests.dsl.fuzzing.table import is_refused

WORDS = tuple(
    """
anchor basket candle dragon engine falcon garden hammer island jacket kettle ladder magnet needle orange pepper quartz
rocket saddle timber umbrella velvet walnut xylophone yellow zipper blossom cactus dolphin emerald feather glacier
harvest igloo jungle kiwi lantern mustard nutmeg oyster penguin quilt raven sponge tulip urchin violin whistle yogurt
""".split()  # noqa: SIM905 -- sixty quoted words are harder to read
)
TEXTS = (
    "text",
    "",
    "a b",
    "yes",
    "5",
    "1.5",
    "null",
    "ümläut → 😀",
    "it's",
    'say "hi"',
    "a: b",
    "# no",
    "- x",
    "{}",
    "2024-01-01",
)
TEXTS = (
    *TEXTS,
    "a\nb",
    "tab\there",
    "back\\slash",
    "&a",
    "*a",
    "!t",
    "%d",
    "<<",
    "12:30",
    "line one\nline two",
    "~",
    " x ",
    "x" * 90,
)


@dataclass
class Prop:
    """A declared property: its type, and whether a value must be given."""

    type: str | None
    is_needed: bool
    is_secret: bool = False


class Need(NamedTuple):
    """An input that must be given."""

    type: str | None
    is_secret: bool = False


@dataclass
class Op:
    """An operation of a type: its mapping, and inputs that must be given."""

    mapping: str | None
    needs: dict[str, Need]


Ops = dict[tuple[str, str], Op]


@dataclass
class Model:
    """A type with what it is derived from merged in."""

    props: dict[str, Prop] = field(default_factory=dict)
    ops: dict[str, Ops] = field(default_factory=dict)
    roots: tuple[str, ...] = ()


class World:
    """Draws parts of one blueprint.

    wanted   a production that is to be used, if the version has it
    density  share of the optional rows that are given
    """

    def __init__(self, rng: Random, version: Version = NEWEST, wanted: str = "") -> None:
        self.rng = rng
        self.version = version
        self.wanted = wanted
        self.density = rng.choice((0.05, 0.2, 0.4))
        self.is_hosted = rng.random() < 0.3 or wanted.endswith("=host_agent")  # all nodes are hosts
        self.document: dict[str, Any] = {}
        self.data_types: dict[str, Model] = {}
        self.node_types: dict[str, Model] = {}
        self.link_types: dict[str, Model] = {}
        self.plugins: list[str] = []
        self.given: dict[str, Any] = {}  # values of inputs for a deployment
        self.makers: dict[int, Callable[[str], Any]] = {}  # by a shape's id: who draws it instead
        self._words: list[str] = []

    # ------------------------------------------------------------------ chance and names

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def wants(self, production: str) -> bool:
        """Whether the wanted production is this one or lies in it."""
        rest = self.wanted.removeprefix(production)
        return bool(self.wanted) and self.wanted.startswith(production) and rest[:1] in {"", ".", "|", "[", "="}

    def name(self) -> str:
        """A new name, unlike all others."""
        if not self._words:
            self._words = [*WORDS]
            self.rng.shuffle(self._words)
        ending = self.rng.choice(("", "", "", "_x", "-2", "ß", " und", "é")) if self.chance(0.3) else ""
        return self._words.pop() + str(self.rng.randrange(100, 1000)) + ending

    def plain_name(self) -> str:
        return self.name().partition(" ")[0]

    def allowed(self, since: Version) -> bool:
        return since <= self.version

    def some(self, low: int, high: int, production: str = "") -> int:
        """How many entries; one at least, if the wanted production is among them."""
        return max(self.rng.randint(low, high), 1 if production and self.wants(production) else 0)

    # ------------------------------------------------------------------ by shape

    def fill(
        self, shape: Record, given: dict[str, Any], production: str, owned: Collection[str] = ()
    ) -> dict[str, Any]:
        """A record: what is given, and of the other rows those that must be there and some that may."""
        for row in shape.fields:
            name = f"{production}.{row.name}" if production else row.name
            is_ours = row.name in given or row.name in owned or is_refused(row)
            if is_ours or not self.allowed(row.since):
                continue
            if row.required or self.wants(name) or self.chance(self.density):
                value = 0 if row.later == "timeout" else self.value(row.shape, name)
                if value is not None or isinstance(row.shape, Either | Nothing | Ignored):
                    given[row.name] = value
        keys = list(given)
        self.rng.shuffle(keys)
        return {key: given[key] for key in keys}

    def value(self, shape: Any, production: str) -> Any:
        """Something of a shape; None where nothing can be, such as a reference to what there is not."""
        maker = self.makers.get(id(shape))
        if maker is not None:
            return maker(production)
        return self._by_shape[type(shape)](self, shape, production)

    def _either(self, shape: Either, production: str) -> Any:
        for one in shape.shapes:
            name = f"{production}|{type(one).__name__}"
            if self.wants(name):
                return self.value(one, name)
        one = self.rng.choice(shape.shapes)
        return self.value(one, f"{production}|{type(one).__name__}")

    def _one_of(self, shape: OneOf, production: str) -> str:
        if shape.words == EXECUTORS and not self.is_hosted:
            return "central_deployment_agent"
        words = [word for word in shape.words if refusal("on_unknown", word) is None]
        wanted = [word for word in shape.words if self.wanted == f"{production}={word}"]
        return wanted[0] if wanted else self.rng.choice(words)

    def _list(self, shape: ListOf, production: str) -> list[Any]:
        name = f"{production}[]"
        low = 1 if shape.empty or self.wants(name) else 0
        return [self.value(shape.item, name) for _ in range(self.rng.randint(low, 3))]

    def _map(self, shape: MapOf, production: str) -> dict[str, Any]:
        name = f"{production}.*"
        low = 1 if self.wants(name) else 0
        return {self.name(): self.value(shape.value, name) for _ in range(self.rng.randint(low, 2))}

    def _number(self, shape: Number, _production: str) -> Any:
        low = shape.low if shape.low is not None else -5
        return self.rng.randint(low, low + 20) if shape.whole or self.chance(0.5) else low + self.rng.randrange(9) + 0.5

    def type_name(self, *, is_primitive: bool = False) -> str | None:
        """A type that the version has; a data type too."""
        known = [name for name, since in TYPES.items() if self.allowed(since)]
        known += [] if is_primitive else list(self.data_types)
        return self.rng.choice(known)

    _by_shape: ClassVar[dict[type, Callable[[World, Any, str], Any]]] = {
        Record: lambda self, shape, name: self.fill(shape, {}, name),
        Either: lambda self, shape, name: self._either(shape, name),
        ListOf: lambda self, shape, name: self._list(shape, name),
        MapOf: lambda self, shape, name: self._map(shape, name),
        OneOf: lambda self, shape, name: self._one_of(shape, name),
        Number: lambda self, shape, name: self._number(shape, name),
        Boolean: lambda self, _shape, _name: self.chance(0.5),
        Name: lambda self, _shape, _name: self.name(),
        Text: lambda self, _shape, _name: self.text(),
        Anything: lambda self, _shape, _name: self.data(),
        Ignored: lambda self, _shape, _name: self.data(),
        Nothing: lambda _self, _shape, _name: None,
        CodePath: lambda self, _shape, _name: self.mapping(),
        TypeName: lambda self, shape, _name: self.type_name(is_primitive=shape.is_primitive),
        FunctionCall: lambda self, shape, _name: self.known("int" if shape.code == "not-a-function" else "text"),
        Ref: lambda self, shape, _name: self._named(shape),
    }

    def _named(self, shape: Ref) -> str | None:
        names = [*self.document.get(shape.section, ()), *self.document.get(shape.also or "", ())]
        return self.rng.choice(names) if names else None

    # ------------------------------------------------------------------ values

    def text(self) -> str:
        return self.rng.choice(TEXTS) if self.chance(0.4) else self.name()

    def data(self, depth: int = 0) -> Any:
        """Any value that calls no function."""
        kind = self.rng.randrange(8 if depth < 3 else 6)
        if kind == 6:
            return [self.data(depth + 1) for _ in range(self.rng.randrange(4))]
        if kind == 7:
            return {
                self.text() if self.chance(0.2) else self.name(): self.data(depth + 1)
                for _ in range(self.rng.randrange(4))
            }
        return (
            self.text(),
            self.name(),
            self.rng.randint(-9, 2**40),
            self.chance(0.5),
            None,
            self.rng.randrange(99) / 4,
        )[kind]

    def mapping(self) -> str:
        """`plugin.module.function`."""
        return f"{self.rng.choice(self.plugins)}.{self.rng.choice(('tasks', 'a.b', 'm'))}.{self.rng.choice(WORDS)}"

    def is_secret(self, type_name: str | None) -> bool:
        """Whether values of a type have secret parts."""
        of = self.data_types.get(type_name or "")
        return of is not None and any(one.is_secret or self.is_secret(one.type) for one in of.props.values())

    def fit(self, type_name: str | None) -> Any:
        """A literal that fits a type."""
        if type_name in self.data_types:
            found = {}
            for name, prop in self.data_types[type_name].props.items():
                if prop.is_needed or self.chance(0.4):
                    found[name] = self.fit(prop.type)
            return found
        makers: dict[str, Callable[[], Any]] = {
            "integer": lambda: self.rng.randint(-99, 99),
            "float": lambda: self.rng.choice((self.rng.randint(-9, 9), self.rng.randrange(99) / 8)),
            "boolean": lambda: self.chance(0.5),
            "list": lambda: [self.data(2) for _ in range(self.rng.randrange(3))],
            "dict": lambda: {self.name(): self.data(2) for _ in range(self.rng.randrange(3))},
            "regex": lambda: self.rng.choice(("a+", "[x-z]*", "^b$", "")),
            "string": lambda: self.rng.choice((self.text(), self.rng.randint(0, 9999), True)),
        }
        if type_name is None:
            return self.data(1)
        return makers.get(type_name, self.text)()

    def known(self, kind: str) -> dict[str, Any]:
        """A call that is evaluated when a deployment is created, and gives a 'text' or an 'int'."""
        if kind == "int":
            return self.rng.choice(({"get_input": "size"}, {"get_input": ["size"]}, {"string_find": ["abcd", "d"]}))
        inner = self.rng.choice(("Aa", {"get_input": "region"}, {"string_lower": "BB"}))
        calls: list[Any] = [
            {"get_input": "region"},
            {"string_lower": inner},
            {"string_upper": inner},
            {"string_replace": [inner, "a", self.name()]},
            {"string_replace": ["aaa", "a", inner, 1]},
            {"string_split": ["a,b", ",", self.rng.choice((0, 1, -1))]},
        ]
        if self.allowed((1, 1)):
            calls.append({"concat": [inner, self.rng.choice((5, None, "-", True))]})
        return self.rng.choice(calls)
