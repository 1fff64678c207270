"""What the gateway adds to the radio, measured on the installed command (`make bench`)."""
