"""What is told of nodes: their latest values, what is old, who is away."""

import json
from datetime import UTC, datetime, timedelta

from protocol.network.network import Device, Network, Sensor
from protocol.outward.mqtt import nodes
from protocol.outward.mqtt.nodes import Nodes
from protocol.readings.latest import NodeState
from protocol.readings.measured import RSSI, SUPPLY, Measured, Values
from protocol.readings.states import Light, States

MID = 0x81026ED2
AT = datetime(2026, 11, 29, 13, 0, 0, 5000, tzinfo=UTC)
SENSORS = (
    Sensor(0, 1, 0, "Temperature", "T", "°C", 4, ()),
    Sensor(1, 2, 0, "Carbon dioxide", "CO2", "ppm", 0, ()),
)
NODE = Device(5, MID, sensors=SENSORS, binary_outputs=2)


def measured(sensor: int, value: float) -> Measured:
    return Measured(MID, sensor, None, "", None, value)


def told(known: Nodes, now: datetime = AT) -> dict[str, object]:
    text = nodes.state(NODE, known.of(MID), now=now, stale_after_s=100)
    document: dict[str, object] = json.loads(text)
    return document


def test_the_latest_of_all() -> None:
    known = Nodes()
    known.take(Values(AT, (measured(0, 21.5), measured(RSSI, -62), measured(SUPPLY, 2.9))))
    known.take_states(MID, States({0: True}))
    assert told(known) == {
        "address": 5,
        "rssi": -62,
        "voltage": 2.9,
        "sensors": {"0": 21.5, "1": None},
        "outputs": {"0": "ON", "1": None},
        "at": "2026-11-29T13:00:00.005Z",
    }


def test_a_value_that_failed_stays_until_it_is_old() -> None:
    known = Nodes()
    known.take(Values(AT, (measured(0, 21.5), measured(1, 400))))
    known.take(Values(AT + timedelta(seconds=90), (measured(1, 450),)))
    later = AT + timedelta(seconds=100)
    assert told(known, later)["sensors"] == {"0": 21.5, "1": 450}
    assert told(known, later + timedelta(seconds=1))["sensors"] == {"0": None, "1": 450}


def test_values_of_the_time_before_the_start() -> None:
    known = Nodes()
    known.take(Values(AT, (measured(0, 21.5),)))
    known.take_states(MID, States({1: False}))
    known.begin_with(Network.of([NODE.measured({0: 20.0, 1: 400}, AT)]))
    assert told(known)["sensors"] == {"0": 21.5, "1": 400}
    assert told(known)["outputs"] == {"0": None, "1": "OFF"}


def test_what_was_known_when_publishing_begins_anew() -> None:
    known = Nodes()
    heard = {MID: NodeState(rssi=-70, supply=3.0, heard_at=AT)}
    known.begin_with(Network.of([NODE]), heard, lambda _node: States({1: True}))
    assert told(known)["rssi"] == -70
    assert told(known)["voltage"] == 3.0
    assert told(known)["outputs"] == {"0": None, "1": "ON"}


def test_nodes_without_mid_are_not_told_of() -> None:
    network = Network.of([Device(0, 1), Device(1, 0), Device(2, 0xFFFFFFFF), NODE])
    assert [node.address for node in nodes.published(network)] == [5]


def test_who_is_away() -> None:
    assert nodes.available(NODE, 0)
    assert nodes.available(NODE, 1)
    assert not nodes.available(NODE, 2)
    assert not nodes.available(Device(5, MID, responding=False), 0)


def test_a_light() -> None:
    assert json.loads(nodes.light(Light(True, 40))) == {"state": "ON", "brightness": 40}
    assert json.loads(nodes.light(None)) == {"state": None, "brightness": None}
