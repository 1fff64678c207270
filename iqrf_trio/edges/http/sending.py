"""The bytes of answers that wait to be sent, of all connections together.

Each connection is bounded by itself, but a hundred that do not read would hold a hundred large
answers. Who needs room while there is none has those cut off that take nothing, and is told to
come again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from math import inf

import trio
from attrs import define, field

PIECE = 65536
"""Bytes that are sent at a time. Answers that are no larger are not counted: the connections bound
their sum."""

STALLED_S = 2.0
"""Who takes no piece for so long is cut off when others need the room."""


@define(eq=False)
class Writing:
    """An answer; a piece of it waits for the peer from `since` on, infinite if none does."""

    scope: trio.CancelScope
    since: float = inf

    @contextmanager
    def piece(self) -> Iterator[None]:
        """A piece is sent within the block; before and after it is not the peer that is slow."""
        self.since = trio.current_time()
        try:
            yield
        finally:
            self.since = inf


@define(eq=False)
class Sending:
    """At most `max_held` bytes wait at a time."""

    max_held: int = 24 * 1024 * 1024
    held: int = field(default=0, init=False)
    _writings: set[Writing] = field(factory=set, init=False)

    def reserve(self, size: int) -> bool:
        """Make room for an answer, which `release` gives back; False if there is none."""
        if size <= PIECE:
            return True
        if self.held + size > self.max_held:
            self._cut_off()
            return False
        self.held += size
        return True

    def release(self, size: int) -> None:
        """An answer for which there was room is sent, or not wanted any more."""
        if size > PIECE:
            self.held -= size

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """An answer is sent within the block, which is left when it is cut off."""
        with trio.CancelScope() as scope:
            writing = Writing(scope)
            self._writings.add(writing)
            try:
                yield writing
            finally:
                self._writings.discard(writing)

    def _cut_off(self) -> None:
        latest = trio.current_time() - STALLED_S
        for writing in self._writings:
            if writing.since <= latest:
                writing.scope.cancel()
