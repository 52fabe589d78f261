"""The shell: one thread that commits what the core decides and then performs it, and the threads it serves."""
