"""Sensor values in frames that pass by: reports of nodes, and answers to somebody's reads.

What does not fit to what is known of the device belongs to nobody: its values are left out.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from protocol.dpa.packet import Request, Response, parse
from protocol.network import Network, Sensor, Value
from protocol.standard.sensor import (
    READ,
    READ_WITH_TYPES,
    REPORT,
    Measurement,
    Selection,
    decode_values,
)

Values = Mapping[tuple[int, int], Value]
"""Values by address and sensor index."""

_RESPONSE_FLAG = 0x80


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


def answered(request: Request, response: Response, network: Network) -> Values:
    """The values in the answer to a read of sensors; none if `request` is something else.

    Raises ProtocolError for an answer that is cut off.
    """
    key = request.pnum, request.pcmd
    if key not in {READ.key, READ_WITH_TYPES.key} or response.rcode:
        return {}
    indexes = Selection.decode(request.pdata).ascending()
    known = {sensor.index: sensor for sensor in _sensors(network, response.nadr)}
    asked = [known[index] for index in indexes if index in known]
    if key == READ.key:
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
