"""A plugin that moves parcels."""
