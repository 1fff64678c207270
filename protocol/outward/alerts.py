"""Alerts: what somebody should know soon of nodes and of the gateway, told when it comes and goes.

A node is silent when two readings in a row brought nothing from it, a battery is low below
LOW_SUPPLY_V, the gateway is degraded while a check of its health fails.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum

import orjson
from attrs import define, field, frozen

from protocol.network.network import Device, Network
from protocol.outward.health import Health, Status, in_words
from protocol.outward.metrics import mid, name
from protocol.outward.mqtt.nodes import MISSES, available, published, timestamp
from protocol.readings.latest import NodeState

LOW_SUPPLY_V = 2.7
"""Supply voltage of a node below which its battery should be replaced."""

GOOD_SUPPLY_V = 2.8
"""Supply voltage from which the battery is good again; between both nothing changes."""


class Event(StrEnum):
    """What has come, and what has gone; the values are what receivers are told."""

    NODE_SILENT = "node_silent"
    NODE_BACK = "node_back"
    BATTERY_LOW = "battery_low"
    BATTERY_GOOD = "battery_good"
    GATEWAY_DEGRADED = "gateway_degraded"
    GATEWAY_WELL = "gateway_well"


_ENDS: Mapping[Event, Event] = {
    Event.NODE_SILENT: Event.NODE_BACK,
    Event.BATTERY_LOW: Event.BATTERY_GOOD,
    Event.GATEWAY_DEGRADED: Event.GATEWAY_WELL,
}

Subject = tuple[Event, int | None]
"""An alert that stands: what it is, and the MID of its node, None for the gateway."""


@frozen
class Alert:
    """Something came or went. `node` is whose it is, None for the gateway; `text` says more."""

    event: Event
    text: str
    node: Device | None = None

    def message(self, at: datetime) -> bytes:
        """The alert as JSON; `event_type` is what Home Assistant calls it."""
        document: dict[str, object] = {"event_type": self.event.value, "text": self.text}
        if self.node is not None:
            document["mid"] = mid(self.node)
            document["address"] = self.node.address
            document["name"] = name(self.node)
        document["at"] = timestamp(at)
        return orjson.dumps(document)


@define(eq=False)
class Alerts:
    """Which alerts stand; a new one knows of none, so that all that stand are told once."""

    _standing: set[Subject] = field(factory=set, init=False)

    def look(
        self, network: Network, latest: Mapping[int, NodeState], health: Health
    ) -> Iterator[Alert]:
        """What has come and gone since the last look. Nodes that left the network are forgotten."""
        nodes = {node.mid: node for node in published(network)}
        self._standing = {each for each in self._standing if each[1] is None or each[1] in nodes}
        for node in nodes.values():
            yield from self._of_node(node, latest.get(node.mid, NodeState()))
        failed = health.status is Status.FAIL
        yield from self._turn(Event.GATEWAY_DEGRADED, failed, in_words(health))

    def _of_node(self, node: Device, state: NodeState) -> Iterator[Alert]:
        there = available(node, state.misses)
        text = "it answers again" if there else f"nothing came from it in {MISSES} readings"
        yield from self._turn(Event.NODE_SILENT, not there, text, node)
        if state.supply is not None and not LOW_SUPPLY_V <= state.supply < GOOD_SUPPLY_V:
            low = state.supply < LOW_SUPPLY_V
            yield from self._turn(Event.BATTERY_LOW, low, f"{state.supply:.2f} V", node)

    def _turn(
        self, event: Event, stands: bool, text: str, node: Device | None = None
    ) -> Iterator[Alert]:
        subject = event, None if node is None else node.mid
        if stands is (subject in self._standing):
            return
        if stands:
            self._standing.add(subject)
            yield Alert(event, text, node)
        else:
            self._standing.remove(subject)
            yield Alert(_ENDS[event], text, node)
