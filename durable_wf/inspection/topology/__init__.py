"""The topology of a plan as a picture: what is drawn (`drawing`), and as DOT, Mermaid or SVG text."""
