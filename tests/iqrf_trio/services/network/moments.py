"""At which moments of a service the tests that cut it off do so."""

import os

SAMPLE = 15


def chosen(moments: int) -> range:
    """Some fifteen of them, evenly; each with MOMENTS=all. One costs two starts of a gateway."""
    if os.environ.get("MOMENTS") == "all":
        return range(moments)
    return range(0, moments, max(1, moments // SAMPLE))
