"""How each node is heard and whether it answers, and what became of the cycles of readings."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from attrs import define, evolve, field, frozen

from protocol.queue.tallies import Durations, Histogram
from protocol.readings.measured import NO_MID, RSSI, SUPPLY, CycleOver, Values

CYCLE_BUCKETS_S = (1.0, 3.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0)
"""Upper bounds of the durations of cycles, in seconds."""


@frozen
class NodeState:
    """The latest of one node. `rssi` in dBm, `supply` in volts, `heard_at` in UTC; None: never.

    `misses` is how many cycles in a row brought nothing from it.
    """

    rssi: float | None = None
    supply: float | None = None
    heard_at: datetime | None = None
    misses: int = 0


@define(eq=False)
class Latest:
    """Follows all values and cycles, and tells the state of each node by its MID."""

    nodes: dict[int, NodeState] = field(factory=dict, init=False)
    outcomes: Counter[str] = field(factory=Counter, init=False)
    """How many cycles were "complete", "partial" and "failed"."""
    last_cycle: CycleOver | None = field(default=None, init=False)
    _durations: Durations = field(init=False, factory=lambda: Durations(CYCLE_BUCKETS_S))

    @property
    def durations(self) -> Histogram:
        """How long the cycles took."""
        return self._durations.snapshot()

    def take_values(self, values: Values) -> None:
        """Note what was measured."""
        for each in values.measured:
            state = evolve(self._state(each.mid), heard_at=values.at, misses=0)
            if isinstance(each.value, int | float):
                if each.sensor == RSSI:
                    state = evolve(state, rssi=each.value)
                elif each.sensor == SUPPLY:
                    state = evolve(state, supply=each.value)
            self.nodes[each.mid] = state

    def take_cycle(self, cycle: CycleOver) -> None:
        """Note a cycle with its values, and who was missing in it."""
        self.last_cycle = cycle
        self._durations.add(cycle.duration_s)
        reading = cycle.reading
        self.outcomes[
            "failed" if reading.failure else "partial" if reading.shortfall else "complete"
        ] += 1
        self.take_values(cycle.values)
        if reading.failure:
            return  # nobody was asked, or nobody could answer
        heard = {each.mid for each in cycle.values.measured}
        for node in reading.devices:
            if node.mid is not None and node.mid not in NO_MID | heard:
                state = self._state(node.mid)
                self.nodes[node.mid] = evolve(state, misses=state.misses + 1)

    def keep_only(self, mids: Mapping[int, object] | frozenset[int]) -> None:
        """Forget the nodes that are none of `mids`."""
        for mid in self.nodes.keys() - set(mids):
            del self.nodes[mid]

    def _state(self, mid: int) -> NodeState:
        return self.nodes.get(mid, NodeState())
