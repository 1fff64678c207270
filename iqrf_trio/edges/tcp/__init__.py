"""Listening TCP sockets: admission, limits per address, TLS."""
