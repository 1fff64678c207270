"""An FRC about sensors that anybody has sent: whom it asked for what, and what they said."""

from collections.abc import Iterable, Mapping

from attrs import frozen

from protocol.dpa.frc import (
    BUFFER,
    SELECTED_NODES,
    SENSOR_1BYTE,
    SENSOR_2BIT,
    SENSOR_2BYTE,
    SENSOR_4BYTE,
    members,
    needs_extra,
    slots,
    unpack,
    width_of,
)
from protocol.dpa.packet import MAX_NODE, Request
from protocol.dpa.peripherals.frc import FRC_SEND, FRC_SEND_SELECTIVE
from protocol.network.network import Network, Sensor, Value
from protocol.standard.quantities import PARTIAL, quantity
from protocol.standard.sensor import ANY_TYPE, Question

_COMMANDS = frozenset({SENSOR_2BIT, SENSOR_1BYTE, SENSOR_2BYTE, SENSOR_4BYTE})


@frozen
class SensorFrc:
    """What an FRC asked of sensors: of all nodes, or of the `selected` ones."""

    command: int
    question: Question
    selected: frozenset[int] | None

    @classmethod
    def decode(cls, request: Request) -> "SensorFrc | None":
        """The FRC that `request` is, None when it is none about sensors.

        Raises RemoteProtocolError when it is, but is cut off.
        """
        key, command, rest = (request.pnum, request.pcmd), request.pdata[:1], request.pdata[1:]
        selected = None
        if key == FRC_SEND_SELECTIVE.key:
            selected, rest = members(rest[:SELECTED_NODES]) - {0}, rest[SELECTED_NODES:]
        elif key != FRC_SEND.key:
            return None
        question = Question.decode(rest)
        if question is None or not _COMMANDS.issuperset(command):
            return None
        return cls(command[0], question, selected)

    def values(
        self, network: Network, data: bytes, extra: bytes = b""
    ) -> Mapping[tuple[int, int], Value]:
        """The values in `data`, by address and sensor index; with `extra` those that need it.

        `data` are the 55 bytes of the answer, `extra` the nine of the Extra result. Left out are
        sensors that are not known, and values of which only a part was asked for.
        """
        raw = self._raw((data + extra).ljust(BUFFER, b"\0"), needing_extra=bool(extra))
        return {
            (device.address, sensor.index): sensor.scaled(value)
            for device in network.nodes
            for sensor in self._asked(device.sensors)
            if (value := self._decode(sensor, raw.get(device.address, 0))) is not None
        }

    def _raw(self, data: bytes, *, needing_extra: bool) -> Mapping[int, int]:
        width, selective = width_of(self.command), self.selected is not None
        nodes = range(1, MAX_NODE + 1) if self.selected is None else self.selected
        seats = slots(width, nodes, selective=selective)
        seated = [node for node, slot in seats.items() if slot <= width.capacity]
        raw = unpack(width, seated, data, selective=selective)
        return {
            node: value
            for node, value in raw.items()
            if needs_extra(width, seats[node]) == needing_extra
        }

    def _asked(self, sensors: Iterable[Sensor]) -> list[Sensor]:
        """The one of a node's sensors that was asked for, if it has it."""
        kind, number = self.question.type, self.question.type_index
        if kind == ANY_TYPE:
            return [sensor for sensor in sensors if sensor.index == number]
        return [each for each in sensors if (each.type, each.type_index) == (kind, number)]

    def _decode(self, sensor: Sensor, raw: int) -> Value | None:
        kind = quantity(sensor.type)
        if self.command not in kind.forms or (sensor.type, self.command) in PARTIAL:
            return None
        return kind.decode_frc(self.command, raw)
