"""The sans-IO floor: bytes, messages and decisions; no clock, socket, file, log or Trio."""
