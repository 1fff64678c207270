"""Snapshots of the gateway: taken when something changed, kept in files and in a flash chip."""
