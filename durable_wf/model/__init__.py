"""The nouns of the engine, pure: state machines, rows, events, commands and the compiled plan."""
