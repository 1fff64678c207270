from datetime import UTC, datetime

from protocol.network.network import Device, Network
from protocol.readings.latest import Latest, NodeState
from protocol.readings.measured import (
    RSSI,
    SUPPLY,
    CycleOver,
    Measured,
    Values,
    of_overheard,
    of_reading,
)
from protocol.readings.reading import NodeReading, Reading, SensorReading
from tests.protocol.api.networks import NETWORK, NODE, SILENT

AT = datetime(2026, 11, 29, 12, tzinfo=UTC)
LATER = datetime(2026, 11, 29, 13, tzinfo=UTC)
MID = 0x8100_0001


def node(
    mid: int | None = MID,
    value: float | None = 21.5,
    rssi: int | None = None,
    voltage: float | None = None,
) -> NodeReading:
    sensors = (SensorReading(0, 1, "Temperature", "°C", value),)
    return NodeReading(1, 0x0402, mid, rssi, voltage, sensors)


def cycle(*nodes: NodeReading, failure: str = "", shortfall: str = "") -> CycleOver:
    reading = Reading(AT, nodes, failure=failure, shortfall=shortfall)
    return CycleOver(reading, 4.0, of_reading(reading))


def test_a_reading_has_sensors_rssi_and_supply_by_mid() -> None:
    values = of_reading(Reading(AT, (node(rssi=-62, voltage=2.9), node(None), node(0))))
    assert values == Values(
        AT,
        (
            Measured(MID, 0, 1, "Temperature", "°C", 21.5),
            Measured(MID, RSSI, 133, "RSSI", "dBm", -62),
            Measured(MID, SUPPLY, None, "Supply voltage", "V", 2.9),
        ),
    )


def test_what_a_sensor_did_not_say_is_no_value() -> None:
    assert of_reading(Reading(AT, (node(value=None),))).measured == ()


def test_what_passed_by_belongs_to_the_device_at_the_address() -> None:
    overheard = {(1, 0): 20.0, (1, 9): 1.0, (SILENT.address, 0): 1.0, (77, 0): 1.0}
    assert of_overheard(overheard, NETWORK, AT) == Values(
        AT, (Measured(NODE.mid, 0, 1, "Temperature", "°C", 20.0),)
    )


def test_the_latest_of_a_node() -> None:
    latest = Latest()
    latest.take_cycle(cycle(node(rssi=-62, voltage=2.9)))
    latest.take_values(Values(LATER, (Measured(MID, 0, 1, "", None, 22.0),)))
    assert latest.nodes == {MID: NodeState(-62, 2.9, LATER, 0)}


def test_misses_are_counted_until_the_node_is_heard() -> None:
    latest = Latest()
    for _ in range(2):
        latest.take_cycle(cycle(node(value=None)))
    assert latest.nodes[MID] == NodeState(misses=2)
    latest.take_cycle(cycle(node(value=None), failure="no module"))
    assert latest.nodes[MID].misses == 2, "nobody was asked"
    latest.take_values(Values(LATER, (Measured(MID, 0, 1, "", None, 22.0),)))
    assert latest.nodes[MID] == NodeState(heard_at=LATER)


def test_cycles_are_counted_by_outcome_and_duration() -> None:
    latest = Latest()
    latest.take_cycle(cycle(node()))
    latest.take_cycle(cycle(node(), shortfall="1 of 2"))
    last = cycle(failure="no module")
    latest.take_cycle(last)
    assert latest.outcomes == {"complete": 1, "partial": 1, "failed": 1}
    assert latest.durations.count == 3
    assert latest.durations.total_s == 12
    assert latest.last_cycle is last


def test_nodes_that_left_the_network_are_forgotten() -> None:
    latest = Latest()
    latest.take_cycle(cycle(node(), node(7)))
    latest.keep_only(frozenset({7}))
    assert set(latest.nodes) == {7}


def test_what_passes_by_of_a_module_itself() -> None:
    network = Network.of([Device(1, 0x81000001), Device(2, 0)])
    values = {(1, RSSI): -62, (1, SUPPLY): 2.97, (2, RSSI): -70, (1, 0): 5}
    assert of_overheard(values, network, AT).measured == (
        Measured(0x81000001, RSSI, 133, "RSSI", "dBm", -62),
        Measured(0x81000001, SUPPLY, None, "Supply voltage", "V", 2.97),
    )
