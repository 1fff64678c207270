"""One reading of the whole network: which rounds it takes, and what they add up to.

A cycle reads every sensor by FRC at the full width of its type, as many nodes at a time as one
FRC can carry. Data blocks, which no FRC carries, are read node by node. RSSI and supply voltage
come by Memory read FRCs out of each node's memory (DPA guide, "Memory read").
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from enum import Enum

from attrs import define, field, frozen

from protocol.dpa.frc import (
    LAST_RSSI,
    MEMORY_READ,
    RESPONSE_BUFFER,
    groups,
    memory_read,
    width_of,
)
from protocol.dpa.os import OS_READ
from protocol.errors import LocalProtocolError
from protocol.network import Device, Network, Value
from protocol.standard.quantities import QUANTITIES, decode_frc, native_frc
from protocol.standard.sensor import Measurement, frc_user_data

_SUPPLY_VOLTAGE_OFFSET = 9
"""Where the answer to OS Read has the code of the supply voltage (DPA guide, "OS Read")."""

_RSSI_OFFSET = 130
_MAX_RSSI_DBM = 0
"""The receiver cannot have heard anything stronger, so it is not the RSSI what was read."""

_VOLTAGE_NUMERATOR = 261.12
_VOLTAGE_LIMIT = 127
_MAX_VOLTS = 6.0
"""No transceiver survives more; the formula is not confirmed for G modules."""


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
    index, all of `type`; RSSI and supply voltage have none.
    """

    kind: Kind
    nodes: tuple[int, ...]
    command: int | None = None
    user_data: bytes = field(default=b"", repr=lambda data: data.hex("."))
    type: int | None = None
    sensors: tuple[tuple[int, int], ...] = ()


def plan(network: Network) -> tuple[Round, ...]:
    """The fewest rounds that read everything: RSSI, supply voltage, then sensors by type.

    Nodes that never told what they are (no product) are not asked; sensors of types that are no
    known quantity are not read (see `unknown_types`).
    """
    nodes = [device for device in network.nodes if device.product is not None]
    return (*_state_rounds(nodes), *_sensor_rounds(nodes))


def unknown_types(network: Network) -> tuple[int, ...]:
    """The sensor types in the network that are no known quantity, ascending."""
    found = {sensor.type for device in network.nodes for sensor in device.sensors}
    return tuple(sorted(found - QUANTITIES.keys()))


def _state_rounds(nodes: Iterable[Device]) -> Iterator[Round]:
    addresses = [device.address for device in nodes]
    for kind, address in (
        (Kind.RSSI, LAST_RSSI),
        (Kind.SUPPLY_VOLTAGE, RESPONSE_BUFFER + _SUPPLY_VOLTAGE_OFFSET),
    ):
        user_data = memory_read(address, OS_READ.pnum, OS_READ.pcmd)
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


@frozen
class SensorReading:
    """What one sensor said; `value` is None when it said nothing or reported an error."""

    index: int
    type: int
    name: str
    unit: str | None
    value: Value | None


@frozen
class NodeReading:
    """What one node said; what it did not say, or nobody knows of it, is None.

    `rssi` is in dBm, `voltage` in volts, `sensors` ascend by index.
    """

    address: int
    hwpid: int | None
    mid: int | None
    rssi: int | None
    voltage: float | None
    sensors: tuple[SensorReading, ...]


@frozen
class FailedRound:
    """A round that brought nothing, and why."""

    round: Round
    reason: str


@frozen
class Reading:
    """The outcome of a cycle: all nodes of the network, ascending by address.

    `unknown_types` are the sensor types that were not read because nobody knows their coding.
    """

    at: datetime
    devices: tuple[NodeReading, ...]
    failed_rounds: tuple[FailedRound, ...] = ()
    unknown_types: tuple[int, ...] = ()


Answer = Mapping[int, int] | tuple[Measurement, ...]
"""Raw FRC values by address; for a round without FRC, what the read with types brought."""


@define(eq=False)
class Cycle:
    """Gathers the answers to the rounds of a network, in any order, until a reading is made of it.

    A round that failed, or was never taken, costs its own values only.
    """

    network: Network
    rounds: tuple[Round, ...] = field(init=False)
    _rssi: dict[int, int] = field(factory=dict, init=False)
    _voltage: dict[int, int] = field(factory=dict, init=False)
    _values: dict[tuple[int, int], Value] = field(factory=dict, init=False)
    _failures: dict[Round, str] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        """Plan."""
        self.rounds = plan(self.network)

    def take(self, asked: Round, answer: Answer | str) -> None:
        """Note the answer to a round, or, as text, why there is none.

        Raises LocalProtocolError for a round of another cycle and for an answer to another kind
        of round.
        """
        if asked not in self.rounds:
            raise LocalProtocolError("the round does not belong to this cycle")
        self._failures.pop(asked, None)
        if isinstance(answer, str):
            self._failures[asked] = answer
        elif isinstance(answer, Mapping):
            self._take_frc(asked, answer)
        else:
            self._take_data_block(asked, answer)

    @property
    def failed(self) -> bool:
        """Whether there were rounds, and every one failed."""
        return bool(self.rounds) and len(self._failures) == len(self.rounds)

    @property
    def reason(self) -> str:
        """Why rounds failed, each reason once; empty when none did."""
        return "; ".join(dict.fromkeys(self._failures.values()))

    def values(self) -> Mapping[tuple[int, int], Value]:
        """The values that were read, by address and sensor index; no None among them."""
        return dict(self._values)

    def reading(self, at: datetime) -> Reading:
        """What is known by now, as read at `at`."""
        return Reading(
            at,
            tuple(self._node(device) for device in self.network.nodes),
            tuple(FailedRound(failed, reason) for failed, reason in self._failures.items()),
            unknown_types(self.network),
        )

    def _take_frc(self, asked: Round, raw: Mapping[int, int]) -> None:
        if asked.command is None:
            raise LocalProtocolError("FRC values do not answer a read of a data block")
        if asked.type is None:
            codes = self._rssi if asked.kind is Kind.RSSI else self._voltage
            codes.update((node, raw[node]) for node in asked.nodes if node in raw)
            return
        for address, index in asked.sensors:
            value = decode_frc(asked.type, asked.command, raw.get(address, 0))
            if value is not None:
                self._values[address, index] = value

    def _take_data_block(self, asked: Round, measurements: tuple[Measurement, ...]) -> None:
        if asked.command is not None:
            raise LocalProtocolError("a read of sensors does not answer an FRC")
        types = [sensor_type for sensor_type, _ in measurements]
        if types != [asked.type]:
            self._failures[asked] = f"sensor types {types} were answered, not {[asked.type]}"
            return
        [(_, value)] = measurements
        if value is not None:
            self._values[asked.sensors[0]] = value

    def _node(self, device: Device) -> NodeReading:
        return NodeReading(
            device.address,
            device.product.identity.hwpid if device.product else None,
            device.mid or None,
            rssi_dbm(self._rssi.get(device.address, 0)),
            supply_volts(self._voltage.get(device.address, 0)),
            tuple(
                SensorReading(
                    sensor.index,
                    sensor.type,
                    sensor.name,
                    sensor.unit,
                    self._values.get((device.address, sensor.index)),
                )
                for sensor in sorted(device.sensors, key=lambda sensor: sensor.index)
            ),
        )


def rssi_dbm(raw: int) -> int | None:
    """The RSSI of a raw byte, in dBm; None for silence, and for what no receiver measures."""
    dbm = raw - _RSSI_OFFSET
    return dbm if raw and dbm <= _MAX_RSSI_DBM else None


def supply_volts(code: int) -> float | None:
    """The supply voltage of a code, in volts to 1/100; None for silence and for the impossible."""
    if not 0 < code < _VOLTAGE_LIMIT:
        return None
    volts = _VOLTAGE_NUMERATOR / (_VOLTAGE_LIMIT - code)
    return round(volts, 2) if volts <= _MAX_VOLTS else None
