"""Durable workflows: one SQLite file, no server, and a `kill -9` is survived."""
