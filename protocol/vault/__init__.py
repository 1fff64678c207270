"""Keeping a network safe: device backups, snapshots of the whole gateway, slots in a flash chip."""
