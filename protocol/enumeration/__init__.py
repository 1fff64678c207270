"""Enumeration as decisions: what to ask the mesh, and what its answers make of the network."""
