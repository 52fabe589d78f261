"""The blueprint language, pure: from YAML text to a plan, and from a plan to a deployment's instances."""
