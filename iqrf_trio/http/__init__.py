"""What the gateway offers over HTTP: health, metrics, and its API for scripts and the console."""
