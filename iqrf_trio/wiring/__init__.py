"""Builds the parts of the gateway from its configuration."""
