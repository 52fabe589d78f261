"""Read-only views of a journal, for people: what there is, how it went, what happened in which order.

Nothing here writes, and nothing here needs an engine. What goes out are the records of `records`, which `--json`
prints as they are.
"""
