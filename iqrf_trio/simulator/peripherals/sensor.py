"""The sensor peripheral of a simulated node, and the record of what it said."""

from collections.abc import Iterable, Mapping

from attrs import define, field

from iqrf_trio.simulator.peripherals.peripheral import Handler, Peripheral
from iqrf_trio.simulator.products import SensorModel
from iqrf_trio.simulator.refusal import FAIL, WRONG_LENGTH, Refused, of_length
from iqrf_trio.simulator.signals import phase_of
from protocol.dpa.packet import MAX_PDATA
from protocol.dpa.peripherals.exploration import PeripheralInfo
from protocol.dpa.pnum import SENSOR
from protocol.errors import RemoteProtocolError
from protocol.standard.quantities import PARTIAL, NoValue, Value, quantity
from protocol.standard.sensor import (
    ANY_TYPE,
    ENUMERATE,
    READ,
    READ_WITH_TYPES,
    Measurement,
    Question,
    Selection,
    encode_report,
    encode_values,
)

_UNSUPPORTED = NoValue.UNSUPPORTED.value


@define
class Sensors(Peripheral):
    """The sensors of one node, by index."""

    pnum = SENSOR

    mid: int
    models: tuple[SensorModel, ...]
    said: dict[int, Value | None] = field(factory=dict)
    """What the node has told since this was last emptied, by sensor index, as the receiver can
    read it at best."""

    @property
    def info(self) -> PeripheralInfo:
        """See Peripheral."""
        return PeripheralInfo(3, 0x80, len(self.models), 0)

    def commands(self) -> Mapping[int, Handler]:
        """See Peripheral."""
        return {
            ENUMERATE.pcmd: self._enumerate,
            READ.pcmd: lambda pdata, now: _fitting(encode_values(self._selected(pdata, now))),
            READ_WITH_TYPES.pcmd: lambda pdata, now: _fitting(
                READ_WITH_TYPES.encode(self._selected(pdata, now))
            ),
        }

    def at(self, index: int, now: float) -> Value | None:
        """What sensor number `index` measures at `now`, not rounded to what can be sent."""
        return self.models[index].at(now, phase_of(self.mid, index))

    def report(self, now: float) -> bytes:
        """PDATA of an asynchronous report of all sensors."""
        return _fitting(encode_report(self._say(range(len(self.models)), now)))

    def answer_frc(self, command: int, user_data: bytes, now: float) -> int:
        """The node's value in a sensor FRC."""
        try:
            question = Question.decode(user_data)
        except RemoteProtocolError:
            return _UNSUPPORTED
        index = None if question is None else self._index(question)
        if question is None or index is None:
            return _UNSUPPORTED
        kind = quantity(self.models[index].type)
        frc = kind.encode_frc(command, self.at(index, now), extra=question.extra)
        if command in kind.frcs and (kind.type, command) not in PARTIAL:
            self.said[index] = kind.decode_frc(command, frc, extra=question.extra)
        return frc

    def _index(self, question: Question) -> int | None:
        indexes = [
            index
            for index, model in enumerate(self.models)
            if question.type in (ANY_TYPE, model.type)
        ]
        return indexes[question.type_index] if question.type_index < len(indexes) else None

    def _enumerate(self, pdata: bytes, _now: float) -> bytes:
        of_length(pdata, 0)
        return ENUMERATE.encode(tuple(model.type for model in self.models))

    def _selected(self, pdata: bytes, now: float) -> tuple[Measurement, ...]:
        try:
            selection = Selection.decode(pdata)
        except RemoteProtocolError as error:
            raise Refused(WRONG_LENGTH) from error
        return self._say(selection.ascending(), now)

    def _say(self, indexes: Iterable[int], now: float) -> tuple[Measurement, ...]:
        measurements = []
        for index in indexes:
            if index < len(self.models):
                kind, value = quantity(self.models[index].type), self.at(index, now)
                measurements.append((kind.type, value))
                self.said[index] = kind.decode(kind.encode(value))
        return tuple(measurements)


def _fitting(pdata: bytes) -> bytes:
    if len(pdata) > MAX_PDATA:
        raise Refused(FAIL)
    return pdata
