"""What several commands use: connection to a gateway, tables, snapshots, tokens."""
