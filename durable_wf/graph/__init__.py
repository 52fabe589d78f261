"""The pure core: task graphs, replay and `decide`. No clock, thread, file or randomness."""
