"""What is known of each node for those who watch it: latest values, outputs, light, and documents.

Nodes are told by MID. Values come from measurements, so that they do not depend on the database;
those of the time before the start come from the network as it was stored.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

import orjson
from attrs import define, evolve, field, frozen

from protocol.network.network import Device, Network
from protocol.outward.metrics import mid, name
from protocol.readings.latest import NodeState
from protocol.readings.measured import NO_MID, RSSI, SUPPLY, Values
from protocol.readings.states import UNKNOWN, Light, States
from protocol.standard.quantities import Value

MISSES = 2
"""Cycles in a row that may bring nothing from a node before it counts as away."""


@frozen
class NodeValues:
    """The latest of one node: values by sensor index with their time, outputs and the light."""

    values: Mapping[int, tuple[Value, datetime]] = field(factory=dict)
    states: States = UNKNOWN


@define(eq=False)
class Nodes:
    """The latest of all nodes, by MID."""

    _nodes: dict[int, NodeValues] = field(factory=dict, init=False)

    def of(self, mid: int) -> NodeValues:
        """The latest of one node."""
        return self._nodes.get(mid, NodeValues())

    def begin_with(
        self,
        network: Network,
        latest: Mapping[int, NodeState] | None = None,
        states: Callable[[Device], States] | None = None,
    ) -> None:
        """Take over what was known before: stored values, how nodes were heard, and states."""
        for node in published(network):
            values: dict[int, tuple[Value, datetime]] = {
                sensor.index: (sensor.value, sensor.updated)
                for sensor in node.sensors
                if sensor.value is not None and sensor.updated is not None
            }
            heard = (latest or {}).get(node.mid, NodeState())
            for index, value in ((RSSI, heard.rssi), (SUPPLY, heard.supply)):
                if value is not None and heard.heard_at is not None:
                    values[index] = value, heard.heard_at
            known = self.of(node.mid)  # it may have told something since the start
            state = states(node) if states else known.states
            self._nodes[node.mid] = NodeValues({**values, **known.values}, state)

    def take(self, values: Values) -> frozenset[int]:
        """Note what was measured; returns the MIDs of whom."""
        found: dict[int, dict[int, tuple[Value, datetime]]] = {}
        for each in values.measured:
            found.setdefault(each.mid, {})[each.sensor] = (each.value, values.at)
        for number, measured in found.items():
            known = self.of(number)
            self._nodes[number] = evolve(known, values={**known.values, **measured})
        return frozenset(found)

    def take_states(self, mid: int, states: States) -> None:
        """Note how outputs and the light are."""
        self._nodes[mid] = evolve(self.of(mid), states=states)

    def keep_only(self, mids: frozenset[int]) -> None:
        """Forget the nodes that are none of `mids`."""
        for number in self._nodes.keys() - mids:
            del self._nodes[number]


def published(network: Network) -> Iterator[Device]:
    """The nodes that are published: those whose MID is known."""
    return (node for node in network.nodes if node.mid not in NO_MID)


def info(node: Device) -> bytes:
    """What a node is; changes seldom."""
    product = node.product
    document = {
        "address": node.address,
        "mid": mid(node),
        "name": name(node),
        "zone": node.zone,
        "parent": node.parent,
        "hwpid": product.identity.hwpid if product else None,
        "product": product.name if product else None,
        "manufacturer": product.manufacturer if product else None,
        "os": product.os_version if product else None,
        "dpa": dpa_version(product.identity.dpa) if product else None,
        "sensors": [
            {"index": each.index, "type": each.type, "name": each.name, "unit": each.unit}
            for each in node.sensors
        ],
        "outputs": node.binary_outputs,
        "light": node.light,
        "metadata": node.metadata,
    }
    return orjson.dumps(document)


def dpa_version(word: int) -> str:
    """A DPA version word as people write it: 0x0417 is 4.17."""
    return f"{word >> 8:X}.{word & 0xFF:02X}"


def state(node: Device, known: NodeValues, *, now: datetime, stale_after_s: float) -> bytes:
    """The latest of a node; a value that is older than `stale_after_s` seconds is null."""
    newest = max((at for _, at in known.values.values()), default=None)

    def value_of(index: int) -> object:
        value, at = known.values.get(index, (None, now))
        return None if (now - at).total_seconds() > stale_after_s else value

    document: dict[str, object] = {
        "address": node.address,
        "rssi": value_of(RSSI),
        "voltage": value_of(SUPPLY),
        "sensors": {str(each.index): value_of(each.index) for each in node.sensors},
    }
    if node.binary_outputs:
        on = known.states.outputs
        document["outputs"] = {
            str(number): on_off(on.get(number)) for number in range(node.binary_outputs)
        }
    document["at"] = None if newest is None else timestamp(newest)
    return orjson.dumps(document)


def light(known: Light | None) -> bytes:
    """How a light is, as Home Assistant reads it; null where it is not known."""
    if known is None:
        return orjson.dumps({"state": None, "brightness": None})
    return orjson.dumps({"state": on_off(known.on), "brightness": known.brightness})


def on_off(state: bool | None) -> str | None:
    """A state in words; None where it is not known."""
    return None if state is None else "ON" if state else "OFF"


def available(node: Device, misses: int) -> bool:
    """Whether a node counts as there, after so many cycles in a row without it."""
    return node.responding and misses < MISSES


def timestamp(moment: datetime) -> str:
    """UTC with milliseconds."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"
