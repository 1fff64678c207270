"""How the outputs and the lights of nodes are: as they were last set or read, by MID.

Memory only: a node does not tell when something else than the gateway switches it. An output that
was switched on for a time is off afterwards (Binary output standard).
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from math import inf

from attrs import define, evolve, field, frozen

from protocol.standard.binary_output import MAX_OUTPUTS

_MAX_LEVEL = 254
"""The highest arc power level of a lamp (DALI, IEC 62386-102)."""

_MAX_MILLIVOLTS = 10_000


@frozen
class Light:
    """A light: on or off, and its brightness in percent, which is 0 only where it is off."""

    on: bool
    brightness: int

    @classmethod
    def of_level(cls, level: int) -> "Light":
        """The light of a lamp at an arc power level of 0..254."""
        return cls._of(level / _MAX_LEVEL)

    @classmethod
    def of_millivolts(cls, millivolts: int) -> "Light":
        """The light behind an analogue output of 0..10 V."""
        return cls._of(millivolts / _MAX_MILLIVOLTS)

    @classmethod
    def _of(cls, share: float) -> "Light":
        percent = min(round(100 * share), 100)
        return cls(on=share > 0, brightness=max(percent, 1) if share > 0 else 0)


@frozen
class States:
    """What is known of one node, and when it was learnt (UTC).

    `outputs` are on or off by index; what is absent, or None, is not known.
    """

    outputs: Mapping[int, bool] = field(factory=dict)
    light: Light | None = None
    at: datetime | None = None


UNKNOWN = States()


@frozen
class Change:
    """What a transaction says of one node.

    `outputs` are on, off, or None for what is not known any more, by index. `seconds` says of those
    that were switched on when they are off again: infinite for never; an output that was only read
    has none. `light_lost`: how the light is, is not known any more.
    """

    outputs: Mapping[int, bool | None] = field(factory=dict)
    seconds: Mapping[int, float] = field(factory=dict)
    light: Light | None = None
    light_lost: bool = False


OUTPUTS_LOST = Change(dict.fromkeys(range(MAX_OUTPUTS)))
LIGHT_LOST = Change(light_lost=True)
ALL_LOST = evolve(OUTPUTS_LOST, light_lost=True)


@define(eq=False)
class StateBook:
    """The states of all nodes by MID. Times (`now`) are monotonic seconds, `at` is UTC."""

    _nodes: dict[int, States] = field(factory=dict, init=False)
    _until: dict[tuple[int, int], float] = field(factory=dict, init=False)
    """When outputs that are on will be off, by MID and index."""

    def of(self, mid: int) -> States:
        """What is known of one node."""
        return self._nodes.get(mid, UNKNOWN)

    def take(self, mid: int, change: Change, now: float, at: datetime) -> bool:
        """Note what was learnt of a node; True if something is other than it was known."""
        before = self.of(mid)
        outputs = {**before.outputs, **change.outputs}
        for index, on in change.outputs.items():
            self._time((mid, index), now, on=on, seconds=change.seconds.get(index))
        known = {index: on for index, on in sorted(outputs.items()) if on is not None}
        light = change.light or (None if change.light_lost else before.light)
        self._nodes[mid] = States(known, light, at)
        return (known, light) != (before.outputs, before.light)

    def _time(
        self, key: tuple[int, int], now: float, *, on: bool | None, seconds: float | None
    ) -> None:
        if not on or seconds == inf:
            self._until.pop(key, None)
        elif seconds is not None:
            self._until[key] = now + seconds

    @property
    def next_end(self) -> float:
        """When the next output is off again by itself."""
        return min(self._until.values(), default=inf)

    def expire(self, now: float, at: datetime) -> frozenset[int]:
        """Note what is off again by itself; returns the MIDs of whom."""
        over = [key for key, until in self._until.items() if until <= now]
        for mid, index in over:
            self.take(mid, Change({index: False}), now, at)
        return frozenset(mid for mid, _ in over)

    def keep_only(self, mids: Collection[int]) -> None:
        """Forget the nodes that are none of `mids`."""
        for mid in self._nodes.keys() - set(mids):
            del self._nodes[mid]
        for key in [each for each in self._until if each[0] not in mids]:
            del self._until[key]
