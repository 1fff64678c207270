"""Sensor readings: FRC rounds, decoded values, values overheard, settings."""
