"""All that devices have told, whoever asked for it, handed to everybody who wants it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from attrs import define, field

from protocol.readings.latest import Latest
from protocol.readings.measured import CycleOver, Values
from protocol.readings.states import States

log = logging.getLogger("iqrf_trio.measurements")


class Listener(Protocol):
    """Whoever wants values; no method waits, and what cannot be kept is its own affair."""

    def values(self, values: Values) -> None:
        """Values that came outside of a cycle: a report, or a client's own read."""

    def cycle(self, cycle: CycleOver) -> None:
        """A cycle of readings is over; its values came with it."""

    def states(self, mid: int, states: States) -> None:
        """The outputs or the light of a node are other than before: all that is known of them."""


@define(eq=False)
class Measurements:
    """The fan-out of values, and the latest state of each node that follows from them."""

    latest: Latest = field(factory=Latest, init=False)
    _listeners: list[Listener] = field(factory=list, init=False)

    def listen(self, listener: Listener) -> None:
        """From now on `listener` is told everything."""
        self._listeners.append(listener)

    def leave(self, listener: Listener) -> None:
        """From now on it is told nothing."""
        self._listeners = [each for each in self._listeners if each is not listener]

    def values(self, values: Values) -> None:
        """Values came outside of a cycle."""
        if not values.measured:
            return
        self.latest.take_values(values)
        for listener in self._listeners:
            with _alone("values", listener):
                listener.values(values)

    def cycle(self, cycle: CycleOver) -> None:
        """A cycle of readings is over."""
        self.latest.take_cycle(cycle)
        for listener in self._listeners:
            with _alone("a cycle", listener):
                listener.cycle(cycle)

    def states(self, mid: int, states: States) -> None:
        """The outputs or the light of a node are other than before."""
        for listener in self._listeners:
            with _alone("states", listener):
                listener.states(mid, states)


@contextmanager
def _alone(what: str, listener: Listener) -> Iterator[None]:
    """A listener that fails costs the others nothing."""
    try:
        yield
    except Exception:
        log.exception("%s: not taken by %s", what, type(listener).__name__)
