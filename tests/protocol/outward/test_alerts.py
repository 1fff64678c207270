"""Alerts: each is told once when it comes, and once when it goes."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from protocol.network.network import Device, Network
from protocol.outward.alerts import GOOD_SUPPLY_V, LOW_SUPPLY_V, Alerts, Event
from protocol.outward.health import Check, Health, Status
from protocol.readings.latest import NodeState

MID = 0x81026ED2
NODE = Device(5, MID, metadata={"name": "Boiler"})
ONE = Network.of([Device(0, 1), NODE, Device(7, 0)])
GOOD = Health({"radio": Check(Status.PASS)})
BAD = Health({"radio": Check(Status.FAIL, "the module has not answered for 61 s")})
AT = datetime(2026, 11, 29, tzinfo=UTC)


def told(
    alerts: Alerts,
    state: NodeState | None = None,
    health: Health = GOOD,
    network: Network = ONE,
) -> list[Event]:
    latest: Mapping[int, NodeState] = {} if state is None else {MID: state}
    return [alert.event for alert in alerts.look(network, latest, health)]


def test_a_node_that_falls_silent_and_comes_back() -> None:
    alerts = Alerts()
    assert told(alerts, NodeState(misses=1)) == []
    assert told(alerts, NodeState(misses=2)) == [Event.NODE_SILENT]
    assert told(alerts, NodeState(misses=3)) == []
    assert told(alerts, NodeState(misses=0)) == [Event.NODE_BACK]
    assert told(alerts) == []


def test_a_voltage_that_wavers_is_told_once() -> None:
    alerts = Alerts()
    between = (LOW_SUPPLY_V + GOOD_SUPPLY_V) / 2
    for supply, wanted in (
        (between, []),
        (LOW_SUPPLY_V - 0.01, [Event.BATTERY_LOW]),
        (between, []),
        (LOW_SUPPLY_V - 0.01, []),
        (GOOD_SUPPLY_V, [Event.BATTERY_GOOD]),
        (between, []),
    ):
        assert told(alerts, NodeState(supply=supply)) == wanted


def test_a_gateway_that_is_degraded() -> None:
    alerts = Alerts()
    warned = Health({"radio": Check(Status.WARN, "service mode")})
    assert told(alerts, health=warned) == []
    [alert] = alerts.look(ONE, {}, BAD)
    assert (alert.event, alert.text) == (
        Event.GATEWAY_DEGRADED,
        "radio: the module has not answered for 61 s",
    )
    assert told(alerts, health=BAD) == []
    assert told(alerts, health=warned) == [Event.GATEWAY_WELL]


def test_a_node_that_leaves_takes_its_alerts_along() -> None:
    alerts = Alerts()
    silent = NodeState(misses=2)
    assert told(alerts, silent) == [Event.NODE_SILENT]
    assert told(alerts, network=Network.of([])) == []
    assert told(alerts, silent) == [Event.NODE_SILENT]


def test_what_is_told() -> None:
    [alert] = Alerts().look(ONE, {MID: NodeState(supply=2.5)}, GOOD)
    assert json.loads(alert.message(AT)) == {
        "event_type": "battery_low",
        "text": "2.50 V",
        "mid": "81026ed2",
        "address": 5,
        "name": "Boiler",
        "at": "2026-11-29T00:00:00.000Z",
    }
    [alert] = Alerts().look(ONE, {}, BAD)
    assert "mid" not in json.loads(alert.message(AT))
