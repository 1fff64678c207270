"""An FRC about sensors that anybody has sent: whom it asked for what, and what they said."""

from collections.abc import Iterable, Mapping

from attrs import frozen

from protocol.dpa.frc import SENSOR_1BYTE, SENSOR_2BIT, SENSOR_2BYTE, SENSOR_4BYTE
from protocol.dpa.packet import Request
from protocol.network.network import Network, Sensor
from protocol.readings.frc_asked import FrcAsked
from protocol.standard.quantities import PARTIAL, Value, quantity
from protocol.standard.sensor import ANY_TYPE, Question

_COMMANDS = frozenset({SENSOR_2BIT, SENSOR_1BYTE, SENSOR_2BYTE, SENSOR_4BYTE})


@frozen
class SensorFrc:
    """What an FRC asked of sensors."""

    asked: FrcAsked
    question: Question

    @classmethod
    def decode(cls, request: Request) -> "SensorFrc | None":
        """The FRC that `request` is, None when it is none about sensors.

        Raises RemoteProtocolError when it is, but is cut off.
        """
        asked = FrcAsked.decode(request)
        if asked is None or (question := Question.decode(asked.user_data)) is None:
            return None
        return cls(asked, question) if asked.command in _COMMANDS else None

    def values(
        self, network: Network, data: bytes, extra: bytes = b""
    ) -> Mapping[tuple[int, int], Value]:
        """The values in `data`, by address and sensor index; with `extra` those that need it.

        `data` are the 55 bytes of the answer, `extra` the nine of the Extra result. Left out are
        sensors that are not known, and values of which only a part was asked for.
        """
        raw = self.asked.raw(data, extra)
        return {
            (device.address, sensor.index): sensor.scaled(value)
            for device in network.nodes
            for sensor in self._asked(device.sensors)
            if (value := self._decode(sensor, raw.get(device.address, 0))) is not None
        }

    def _asked(self, sensors: Iterable[Sensor]) -> list[Sensor]:
        """The one of a node's sensors that was asked for, if it has it."""
        kind, number = self.question.type, self.question.type_index
        if kind == ANY_TYPE:
            return [sensor for sensor in sensors if sensor.index == number]
        return [each for each in sensors if (each.type, each.type_index) == (kind, number)]

    def _decode(self, sensor: Sensor, raw: int) -> Value | None:
        kind = quantity(sensor.type)
        command = self.asked.command
        if command not in kind.forms or (sensor.type, command) in PARTIAL:
            return None
        return kind.decode_frc(command, raw)
