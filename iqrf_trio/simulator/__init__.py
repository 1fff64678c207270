"""A simulated mesh that speaks real DPA bytes in real air time."""
