"""The sensor data service: readings, settings, values overheard."""
