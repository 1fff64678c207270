"""Sessions of clients, and messages that the gateway sends unasked."""
