"""Values in frames that pass by: reports of nodes, answers to somebody's reads and FRCs.

Beside the values of sensors these are the RSSI and the supply voltage of nodes, in OS Read.

What does not fit to what is known of the device belongs to nobody: its values are left out.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from protocol.dpa.packet import COORDINATOR, Request, Response, parse
from protocol.dpa.peripherals.frc import FRC_EXTRA_RESULT, FrcAnswer
from protocol.dpa.peripherals.os import OS_READ, rssi_dbm, supply_volts
from protocol.network.network import Network, Sensor
from protocol.readings.measured import RSSI, SUPPLY
from protocol.readings.sensor_frc import SensorFrc
from protocol.standard.quantities import Value
from protocol.standard.sensor import (
    READ,
    READ_WITH_TYPES,
    REPORT,
    Measurement,
    Selection,
    decode_values,
)

Values = Mapping[tuple[int, int], Value]
"""Values by address and sensor index, which is RSSI or SUPPLY for what is of the module itself."""

PERIPHERALS = frozenset({READ.pnum, FRC_EXTRA_RESULT.pnum, OS_READ.pnum})
"""The peripherals whose answers may have values in them."""

Exchange = tuple[Request, Response]
"""A request and the response to it."""

_RESPONSE_FLAG = 0x80

_RSSI_AT, _SUPPLY_AT = 8, 9
"""Where the answer to OS Read has the two codes (DPA guide, "OS Read")."""


def reported(frame: bytes, network: Network) -> Values:
    """The values that a node has sent unasked in `frame`; none if it is no such report.

    A report names types, not indexes: the second value of a type is that of the second sensor of
    the type. Raises ProtocolError for a report that is cut off.
    """
    # Reports come with and without the response flag.
    packet = parse(frame[:3] + bytes((frame[3] | _RESPONSE_FLAG,)) + frame[4:])
    if not isinstance(packet, Response) or (packet.pnum, packet.pcmd) != REPORT.key or packet.rcode:
        return {}
    sensors = {
        (sensor.type, sensor.type_index): sensor for sensor in _sensors(network, packet.nadr)
    }
    seen: Counter[int] = Counter()
    values = {}
    for sensor_type, value in REPORT.decode(packet.pdata):
        known = sensors.get((sensor_type, seen[sensor_type]))
        seen[sensor_type] += 1
        if known is not None and value is not None:
            values[packet.nadr, known.index] = known.scaled(value)
    return values


def answered(exchange: Exchange, network: Network, *, before: Exchange | None = None) -> Values:
    """The values in the answer to a read of sensors, or to an FRC about them; else none.

    `before` is the exchange right before this one: an Extra result belongs to the FRC there.
    Raises ProtocolError for an answer that is cut off.
    """
    request, response = exchange
    key = request.pnum, request.pcmd
    if response.rcode:
        return {}
    if key in {READ.key, READ_WITH_TYPES.key}:
        return _read(request, response, network)
    if key == OS_READ.key:
        return _of_module(response)
    if key == FRC_EXTRA_RESULT.key and before is not None:
        return _collected(before, network, FRC_EXTRA_RESULT.decode(response.pdata))
    return _collected(exchange, network)


def _collected(exchange: Exchange, network: Network, extra: bytes = b"") -> Values:
    request, response = exchange
    frc = SensorFrc.decode(request)
    if frc is None or response.rcode:
        return {}
    answer = FrcAnswer.decode(response.pdata)
    return frc.values(network, answer.data, extra) if answer.ok else {}


def _of_module(response: Response) -> Values:
    """How a node hears, and what it runs on; none of the coordinator, nor in an answer cut off."""
    if response.nadr == COORDINATOR or len(response.pdata) <= _SUPPLY_AT:
        return {}
    rssi, volts = rssi_dbm(response.pdata[_RSSI_AT]), supply_volts(response.pdata[_SUPPLY_AT])
    found: dict[tuple[int, int], Value] = {}
    if rssi is not None:
        found[response.nadr, RSSI] = rssi
    if volts is not None:
        found[response.nadr, SUPPLY] = round(volts, 2)
    return found


def _read(request: Request, response: Response, network: Network) -> Values:
    indexes = Selection.decode(request.pdata).ascending()
    known = {sensor.index: sensor for sensor in _sensors(network, response.nadr)}
    asked = [known[index] for index in indexes if index in known]
    if (request.pnum, request.pcmd) == READ.key:
        types = [sensor.type for sensor in asked]
        measurements: Iterable[Measurement] = zip(
            types, decode_values(types, response.pdata), strict=True
        )
    else:
        measurements = READ_WITH_TYPES.decode(response.pdata)
    return {
        (response.nadr, sensor.index): sensor.scaled(value)
        for sensor, (sensor_type, value) in zip(asked, measurements, strict=False)
        if sensor.type == sensor_type and value is not None
    }


def _sensors(network: Network, address: int) -> tuple[Sensor, ...]:
    device = network.get(address)
    return device.sensors if device else ()
