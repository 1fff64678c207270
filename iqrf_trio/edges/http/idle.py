"""Connections that wait for their next request, so that a shutdown need not wait for them."""

from collections.abc import Iterator
from contextlib import contextmanager

import trio
from attrs import define, field


@define(eq=False)
class Idle:
    """All connections that wait for a request; `end` ends them, and those that come to it."""

    _scopes: set[trio.CancelScope] = field(factory=set, init=False)
    _over: bool = field(default=False, init=False)

    @contextmanager
    def waiting(self) -> Iterator[trio.CancelScope]:
        """A connection waits within the block, which is cut short by `end`."""
        with trio.CancelScope() as scope:
            self._scopes.add(scope)
            if self._over:
                scope.cancel()
            try:
                yield scope
            finally:
                self._scopes.discard(scope)

    def end(self) -> None:
        """Nobody waits any more."""
        self._over = True
        for scope in tuple(self._scopes):
            scope.cancel()
