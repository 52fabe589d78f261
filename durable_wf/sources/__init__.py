"""Where a blueprint's files come from: `port.py` is what the compiler is given, `files.py` reads the disk."""
