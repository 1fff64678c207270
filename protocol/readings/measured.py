"""Values on their way to everybody who keeps or shows them, whichever way they came.

A cycle of readings, a report of a node and the answer to a client's own read all become `Measured`.
Devices are named by MID, since an address may belong to another module tomorrow.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from attrs import frozen

from protocol.network.network import Device, Network
from protocol.readings.reading import Reading
from protocol.readings.rounds import RSSI_TYPE
from protocol.standard.quantities import Value

RSSI, SUPPLY = -1, -2
"""Sensor indexes of what is measured of the module itself: dBm of its last packet, and volts."""

NO_MID = frozenset({0, 0xFFFFFFFF})
"""What stands for a MID that is not known; what such a module measures belongs to nobody."""


_OF_MODULES: Mapping[int, tuple[int | None, str, str]] = {
    RSSI: (RSSI_TYPE, "RSSI", "dBm"),
    SUPPLY: (None, "Supply voltage", "V"),
}
"""Type, name and unit of what is measured of the module itself."""


@frozen
class Described:
    """What a sensor measures: its type (None: it has none), name and unit."""

    type: int | None
    name: str
    unit: str | None


@frozen
class Measured:
    """One value of one sensor.

    `sensor` is its index, or RSSI or SUPPLY; `type` the type of its quantity, None for SUPPLY,
    which is not one. `value` is scaled as the product says.
    """

    mid: int
    sensor: int
    type: int | None
    name: str
    unit: str | None
    value: Value


@frozen
class Values:
    """What was measured at one moment (`at`, UTC), of any number of devices."""

    at: datetime
    measured: tuple[Measured, ...]


@frozen
class CycleOver:
    """A cycle of readings is over after `duration_s` seconds; `values` are those of `reading`."""

    reading: Reading
    duration_s: float
    values: Values


def of_reading(reading: Reading) -> Values:
    """All values of a cycle, RSSI and supply voltage among them."""
    return Values(reading.at, tuple(_of_reading(reading)))


def _of_reading(reading: Reading) -> Iterator[Measured]:
    for node in reading.devices:
        if node.mid is None or node.mid in NO_MID:
            continue
        for sensor in node.sensors:
            if sensor.value is not None:
                yield Measured(
                    node.mid, sensor.index, sensor.type, sensor.name, sensor.unit, sensor.value
                )
        for index, value in ((RSSI, node.rssi), (SUPPLY, node.voltage)):
            if value is not None:
                yield Measured(node.mid, index, *_OF_MODULES[index], value)


def of_overheard(values: Mapping[tuple[int, int], Value], network: Network, at: datetime) -> Values:
    """Values by address and sensor index, as those of the devices that have the addresses."""
    found = (
        measured
        for (address, index), value in values.items()
        if (device := network.get(address)) is not None
        and (measured := _of_device(device, index, value)) is not None
    )
    return Values(at, tuple(found))


def _of_device(device: Device, index: int, value: Value) -> Measured | None:
    known = None if device.mid in NO_MID else _described(device, index)
    if known is None:
        return None
    return Measured(device.mid, index, known.type, known.name, known.unit, value)


def _described(device: Device, index: int) -> Described | None:
    if index in _OF_MODULES:
        return Described(*_OF_MODULES[index])
    found = next((each for each in device.sensors if each.index == index), None)
    return None if found is None else Described(found.type, found.name, found.unit)


def described_by(network: Network, mid: int, index: int) -> Described | None:
    """What a known sensor measures; None where the network has none of this MID and index."""
    device = next((each for each in network if each.mid == mid), None)
    return None if device is None or mid in NO_MID else _described(device, index)
