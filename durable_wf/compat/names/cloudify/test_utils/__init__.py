"""Helpers of plugins' tests."""
