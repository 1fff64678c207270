"""The questions that a reading of the whole network is made of: as few as FRC allows.

Every sensor is read by FRC at the full width of its type, as many nodes at a time as one FRC can
carry. Data blocks, which no FRC carries, are read node by node. RSSI and supply voltage come by
Memory read FRCs out of each node's memory (DPA guide, "Memory read"); only products with an RSSI
sensor, which sleep and are spoken for by others, tell their RSSI by a sensor FRC.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum

from attrs import field, frozen

from protocol.dpa import frc_steps
from protocol.dpa.frc import (
    LAST_RSSI,
    MEMORY_READ,
    RESPONSE_BUFFER,
    groups,
    memory_read,
    width_of,
)
from protocol.dpa.peripherals.os import OS_READ
from protocol.dpa.step import Step, ask
from protocol.network.network import Device, Network
from protocol.standard.quantities import QUANTITIES, native_frc
from protocol.standard.sensor import Measurement, frc_user_data, read_with_types

Answer = Mapping[int, int] | tuple[Measurement, ...]
"""What a round brought: raw FRC values by address, or what one node said of its own sensors."""

RSSI_TYPE = 133
"""The quantity "RSSI" of the Sensor standard."""

_SUPPLY_VOLTAGE = RESPONSE_BUFFER + 9
"""Where the answer to OS Read has the code of the supply voltage (DPA guide, "OS Read")."""


class Kind(Enum):
    """What a round is about."""

    RSSI = "RSSI"
    SUPPLY_VOLTAGE = "supply voltage"
    SENSOR = "sensor"
    DATA_BLOCK = "data block"


@frozen
class Round:
    """One question on the radio, and which sensors its answer will fill.

    An FRC to `nodes` (ascending) by `command` with `user_data`; or, where `command` is None, a
    read with types of the one sensor of the one node. `sensors` are pairs of address and sensor
    index, all of `type`; RSSI and supply voltage out of the memory have none.
    """

    kind: Kind
    nodes: tuple[int, ...]
    command: int | None = None
    user_data: bytes = field(default=b"", repr=lambda data: data.hex("."))
    type: int | None = None
    sensors: tuple[tuple[int, int], ...] = ()

    @property
    def offline(self) -> bool:
        """Whether the FRC is about nodes that sleep, so that others answer in their place."""
        return self.type == RSSI_TYPE

    def step(self, frc_response_ms: int) -> Step[Answer]:
        """What to transact; FRCs are believed to have this response time at present."""
        if self.command is None:
            ((address, index),) = self.sensors
            measured = yield from ask(read_with_types(address, (index,)))
            return measured
        question = self.command, self.nodes, self.user_data
        if self.offline:
            values = yield from frc_steps.read_offline(*question, response_ms=frc_response_ms)
        else:
            values = yield from frc_steps.read(*question)
        return values


def plan(network: Network) -> tuple[Round, ...]:
    """The fewest rounds that read everything: RSSI, supply voltage, then sensors by type.

    Nodes that never told what they are (no product) are not asked; sensors of types that are no
    known quantity are not read (see `unknown_types`).
    """
    nodes = [device for device in network.nodes if device.product is not None]
    return (
        *_memory_rounds(Kind.RSSI, LAST_RSSI, filter(_hears_for_itself, nodes)),
        *_memory_rounds(Kind.SUPPLY_VOLTAGE, _SUPPLY_VOLTAGE, nodes),
        *_sensor_rounds(nodes),
    )


def unknown_types(network: Network) -> tuple[int, ...]:
    """The sensor types in the network that are no known quantity, ascending."""
    found = {sensor.type for device in network.nodes for sensor in device.sensors}
    return tuple(sorted(found - QUANTITIES.keys()))


def _hears_for_itself(device: Device) -> bool:
    return all(sensor.type != RSSI_TYPE for sensor in device.sensors)


def _memory_rounds(kind: Kind, ram_address: int, nodes: Iterable[Device]) -> Iterator[Round]:
    user_data = memory_read(ram_address, OS_READ.pnum, OS_READ.pcmd)
    addresses = (device.address for device in nodes)
    for group in groups(addresses, width_of(MEMORY_READ).capacity):
        yield Round(kind, group, MEMORY_READ, user_data)


def _sensor_rounds(nodes: Iterable[Device]) -> Iterator[Round]:
    owners: defaultdict[tuple[int, int], dict[int, int]] = defaultdict(dict)
    for device in nodes:
        for sensor in device.sensors:
            if sensor.type in QUANTITIES:
                owners[sensor.type, sensor.type_index][device.address] = sensor.index
    for (sensor_type, type_index), indexes in sorted(owners.items()):
        command = native_frc(sensor_type)
        kind = Kind.SENSOR if command is not None else Kind.DATA_BLOCK
        user_data = frc_user_data(sensor_type, type_index) if command is not None else b""
        capacity = width_of(command).capacity if command is not None else 1
        for group in groups(indexes, capacity):
            filled = tuple((address, indexes[address]) for address in group)
            yield Round(kind, group, command, user_data, sensor_type, filled)
