"""The command line. It parses, asks the engine or looks at a journal, and prints; it decides nothing itself.

`app` has the commands; each family of verbs has a module. What goes to stdout is data, everything else goes to
stderr. Heavy parts are imported inside the commands that need them, so that `--version` and `list` start quickly.
"""
