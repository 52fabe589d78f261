"""The plugin of the three-tier example: operations that do real work, and the workflows that order them.

The modules with `cloudify` in their imports are the plugin; `servers`, `files` and `recording` are plain functions
that they call; `server` is the program that each server process runs; `proof` looks at what really happened.
"""
