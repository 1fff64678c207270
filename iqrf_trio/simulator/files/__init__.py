"""Simulated meshes described by a file or generated from a seed."""
