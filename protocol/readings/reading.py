"""One reading of the whole network: what the rounds of a cycle add up to."""

from collections.abc import Mapping
from datetime import datetime

from attrs import define, field, frozen

from protocol.dpa.peripherals.os import rssi_dbm, supply_volts
from protocol.errors import LocalProtocolError
from protocol.network.network import Device, Network, Sensor
from protocol.readings.rounds import RSSI_TYPE, Answer, Kind, Round, plan, unknown_types
from protocol.standard.quantities import Value, decode_frc
from protocol.standard.sensor import Measurement


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

    `failure` says why it brought nothing at all, `shortfall` what is missing of it otherwise; both
    are empty when all rounds were answered. `unknown_types` are the sensor types that were not
    read because nobody knows their coding.
    """

    at: datetime
    devices: tuple[NodeReading, ...]
    failed_rounds: tuple[FailedRound, ...] = ()
    unknown_types: tuple[int, ...] = ()
    failure: str = ""
    shortfall: str = ""

    def values_for(self, network: Network) -> Mapping[tuple[int, int], Value]:
        """What was measured, by address and sensor index, as far as it belongs to `network`.

        Meanwhile another module may have got the address, or another sensor the index.
        """
        known = {
            (device.address, device.mid, sensor.index, sensor.type)
            for device in network
            for sensor in device.sensors
        }
        return {
            (node.address, sensor.index): sensor.value
            for node in self.devices
            for sensor in node.sensors
            if sensor.value is not None
            and (node.address, node.mid or 0, sensor.index, sensor.type) in known
        }


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
    _answered: set[Round] = field(factory=set, init=False)
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
        if isinstance(answer, str):
            self._fail(asked, answer)
            return
        self._failures.pop(asked, None)
        self._answered.add(asked)
        if isinstance(answer, Mapping):
            self._take_frc(asked, answer)
        else:
            self._take_data_block(asked, answer)

    def reading(self, at: datetime, *, cut_short: str = "") -> Reading:
        """What is known by now, as read at `at`; `cut_short` says why rounds were not taken."""
        missing = len(self.rounds) - len(self._answered)
        reasons = "; ".join(dict.fromkeys(filter(None, (*self._failures.values(), cut_short))))
        return Reading(
            at,
            tuple(self._node(device) for device in self.network.nodes),
            tuple(FailedRound(failed, reason) for failed, reason in self._failures.items()),
            unknown_types(self.network),
            failure=reasons if missing and not self._answered else "",
            shortfall=f"{missing} of {len(self.rounds)} rounds brought nothing: {reasons}"
            if missing and self._answered
            else "",
        )

    def _fail(self, asked: Round, reason: str) -> None:
        self._answered.discard(asked)
        self._failures[asked] = reason

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
            self._fail(asked, f"sensor types {types} were answered, not {[asked.type]}")
            return
        [(_, value)] = measurements
        if value is not None:
            self._values[asked.sensors[0]] = value

    def _node(self, device: Device) -> NodeReading:
        sensors = tuple(
            SensorReading(
                sensor.index,
                sensor.type,
                sensor.name,
                sensor.unit,
                _scaled(sensor, self._values.get((device.address, sensor.index))),
            )
            for sensor in sorted(device.sensors, key=lambda sensor: sensor.index)
        )
        rssi = _rssi_of(sensors)
        volts = supply_volts(self._voltage.get(device.address, 0))
        return NodeReading(
            device.address,
            device.product.identity.hwpid if device.product else None,
            device.mid or None,
            rssi_dbm(self._rssi.get(device.address, 0)) if rssi is None else rssi,
            None if volts is None else round(volts, 2),
            sensors,
        )


def _scaled(sensor: Sensor, value: Value | None) -> Value | None:
    return None if value is None else sensor.scaled(value)


def _rssi_of(sensors: tuple[SensorReading, ...]) -> int | None:
    """The first value of an RSSI sensor, to whole dBm."""
    values = (sensor.value for sensor in sensors if sensor.type == RSSI_TYPE)
    return next((round(value) for value in values if isinstance(value, int | float)), None)
