"""Storage: one port, a SQLite file and a memory store behind it, and what reads and verifies them."""
