"""The faults that `tools/crash/run --fault KIND` knows, by name."""
