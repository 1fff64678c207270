"""All values that devices have told, whoever asked for them, handed to everybody who wants them."""

import logging
from typing import Protocol

from attrs import define, field

from protocol.readings.latest import Latest
from protocol.readings.measured import CycleOver, Values

log = logging.getLogger("iqrf_trio.measurements")


class Listener(Protocol):
    """Whoever wants values; neither method waits, and what cannot be kept is its own affair."""

    def values(self, values: Values) -> None:
        """Values that came outside of a cycle: a report, or a client's own read."""

    def cycle(self, cycle: CycleOver) -> None:
        """A cycle of readings is over; its values came with it."""


@define(eq=False)
class Measurements:
    """The fan-out of values, and the latest state of each node that follows from them."""

    latest: Latest = field(factory=Latest, init=False)
    _listeners: list[Listener] = field(factory=list, init=False)

    def listen(self, listener: Listener) -> None:
        """From now on `listener` is told everything."""
        self._listeners.append(listener)

    def values(self, values: Values) -> None:
        """Values came outside of a cycle."""
        if not values.measured:
            return
        self.latest.take_values(values)
        for listener in self._listeners:
            try:
                listener.values(values)
            except Exception:  # one that fails costs the others nothing
                log.exception("values were not taken by %s", type(listener).__name__)

    def cycle(self, cycle: CycleOver) -> None:
        """A cycle of readings is over."""
        self.latest.take_cycle(cycle)
        for listener in self._listeners:
            try:
                listener.cycle(cycle)
            except Exception:  # as above
                log.exception("a cycle was not taken by %s", type(listener).__name__)
