"""Network services: plans carried out on the radio, leaving no trace when they fail."""
