"""A word now and then while nothing is to be seen of a measurement."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_EVERY_S = 10.0


@contextmanager
def alive(about: str) -> Iterator[Callable[[], None]]:
    """Says on stderr that `about` still runs; gives what is to be called whenever one can see so.

    On stderr, so that what is written to a file is the table alone.
    """
    began, seen, over = time.monotonic(), threading.Event(), threading.Event()

    def watch() -> None:
        while not over.is_set():
            if not seen.wait(_EVERY_S):
                took = time.monotonic() - began
                print(f"  … {about}: measuring for {took:.0f} s", file=sys.stderr, flush=True)
            seen.clear()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield seen.set
    finally:
        over.set()
        seen.set()
        watcher.join(_EVERY_S)
