"""State kept in sqlite3: the network, sensor values, tokens and settings."""
