"""What the gateway does over time, beside the requests of clients."""
