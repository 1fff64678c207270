"""One request message becomes one coroutine becomes its answers; one module per namespace."""
