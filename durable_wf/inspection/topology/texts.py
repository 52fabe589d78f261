"""A topology as text that other programs draw: DOT (Graphviz) and Mermaid. Both draw groups as frames around nodes.

Nothing of the author's is in an identifier: names may hold anything, so they stand in quoted labels only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable_wf.inspection.topology.drawing import Kind, Look

if TYPE_CHECKING:
    from collections.abc import Iterator

    from durable_wf.inspection.topology.drawing import Drawing

_DOT_STYLES = {Kind.CONTAINED_IN: "bold", Kind.CONNECTED_TO: "solid", Kind.DEPENDS_ON: "dashed"}
_MERMAID_ARROWS = {Kind.CONTAINED_IN: "==>", Kind.CONNECTED_TO: "-->", Kind.DEPENDS_ON: "-.->"}

_DOT_BOXES = {
    Look.PLAIN: "",
    Look.IDLE: ', style="rounded,dashed,filled", color="#a1a1aa", fillcolor="#fafafa"',
    Look.MOVING: ', shape=hexagon, style=filled, color="#2563eb", fillcolor="#dbeafe"',
    Look.HALF: ', style=filled, color="#a16207", fillcolor="#fef9c3"',
    Look.STARTED: ', style="rounded,filled", color="#15803d", fillcolor="#dcfce7"',
    Look.WRONG: ', shape=octagon, style="filled,bold", color="#b91c1c", fillcolor="#fee2e2"',
}
_MERMAID_BOXES = {
    Look.PLAIN: ("[", "]"),
    Look.IDLE: ("([", "])"),
    Look.MOVING: ("{{", "}}"),
    Look.HALF: ("[/", "/]"),
    Look.STARTED: ("(", ")"),
    Look.WRONG: ("[[", "]]"),
}
_MERMAID_CLASSES = {
    Look.IDLE: "fill:#fafafa,stroke:#a1a1aa,stroke-dasharray:4 3",
    Look.MOVING: "fill:#dbeafe,stroke:#2563eb",
    Look.HALF: "fill:#fef9c3,stroke:#a16207",
    Look.STARTED: "fill:#dcfce7,stroke:#15803d",
    Look.WRONG: "fill:#fee2e2,stroke:#b91c1c,stroke-width:3px",
}


def dot(drawing: Drawing) -> str:
    """The topology for `dot -Tsvg` and its like."""
    ids = _ids(drawing)
    lines = ["digraph topology {", "  node [shape=box, style=rounded];"]
    lines += _dot_frame(drawing, None, ids, "  ")
    lines += [
        f"  {ids[one.source]} -> {ids[one.target]} [label={_dot_text(one.label)}, style={_DOT_STYLES[one.kind]}];"
        for one in drawing.arrows
    ]
    return "\n".join([*lines, "}", ""])


def _dot_frame(drawing: Drawing, frame: str | None, ids: dict[str, str], indent: str) -> Iterator[str]:
    boxes, frames = drawing.inside(frame)
    for box in boxes:
        yield f"{indent}{ids[box.name]} [label={_dot_text(*box.lines)}{_DOT_BOXES[box.look]}];"
    for one in frames:
        yield f"{indent}subgraph cluster_{ids[one.name]} {{"
        yield f"{indent}  label={_dot_text(one.label)};"
        yield from _dot_frame(drawing, one.name, ids, f"{indent}  ")
        yield f"{indent}}}"


def _dot_text(*lines: str) -> str:
    return '"' + "\\n".join(line.replace("\\", "\\\\").replace('"', '\\"') for line in lines) + '"'


def mermaid(drawing: Drawing) -> str:
    """The topology as a flowchart, which GitHub and many editors draw inside Markdown."""
    ids = _ids(drawing)
    lines = ["flowchart TB", *_mermaid_frame(drawing, None, ids, "  ")]
    lines += [
        f"  {ids[one.source]} {_MERMAID_ARROWS[one.kind]}|{_mermaid_text(one.label)}| {ids[one.target]}"
        for one in drawing.arrows
    ]
    used = {box.look for box in drawing.boxes}
    lines += [f"  classDef {look} {style}" for look, style in _MERMAID_CLASSES.items() if look in used]
    return "\n".join([*lines, ""])


def _mermaid_frame(drawing: Drawing, frame: str | None, ids: dict[str, str], indent: str) -> Iterator[str]:
    boxes, frames = drawing.inside(frame)
    for box in boxes:
        begin, end = _MERMAID_BOXES[box.look]
        named = "" if box.look is Look.PLAIN else f":::{box.look}"
        yield f"{indent}{ids[box.name]}{begin}{_mermaid_text(*box.lines)}{end}{named}"
    for one in frames:
        yield f"{indent}subgraph {ids[one.name]}[{_mermaid_text(one.label)}]"
        yield from _mermaid_frame(drawing, one.name, ids, f"{indent}  ")
        yield f"{indent}end"


def _mermaid_text(*lines: str) -> str:
    """Quoted; what Mermaid or HTML would read as their own is written as a character's number."""
    return '"' + "<br/>".join("".join(map(_mermaid_character, line)) for line in lines) + '"'


def _mermaid_character(one: str) -> str:
    return f"#{ord(one)};" if one in '"#&<>;`\\' else one


def _ids(drawing: Drawing) -> dict[str, str]:
    boxes = {box.name: f"n{index}" for index, box in enumerate(drawing.boxes)}
    return boxes | {frame.name: f"g{index}" for index, frame in enumerate(drawing.frames)}
