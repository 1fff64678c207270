"""The JSON API: envelope, registry, errors, and one module per namespace of messages."""
