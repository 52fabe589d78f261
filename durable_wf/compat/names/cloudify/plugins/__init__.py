"""What every deployment may run."""
