"""The binary outputs and the light of a simulated node."""

from collections.abc import Mapping
from math import inf

from attrs import define, field

from iqrf_trio.simulator.peripherals.peripheral import Handler, Peripheral
from iqrf_trio.simulator.refusal import FAIL, WRONG_LENGTH, Refused, of_length
from protocol.dpa.peripherals.exploration import PeripheralInfo
from protocol.dpa.pnum import BINARY_OUTPUT, LIGHT
from protocol.errors import RemoteProtocolError
from protocol.standard import binary_output, light
from protocol.standard.binary_output import State
from protocol.standard.light import LdiAnswer

_READ_WRITE = 3
_STANDARD = 0x80
"""Type of a peripheral that is not embedded."""


@define
class Outputs(Peripheral):
    """Binary outputs, each on until a time: past for off, infinite for on without a timer."""

    pnum = BINARY_OUTPUT

    count: int
    _until: list[float] = field(init=False)

    def __attrs_post_init__(self) -> None:
        """All outputs off."""
        self.reset()

    @property
    def info(self) -> PeripheralInfo:
        """See Peripheral."""
        return PeripheralInfo(_READ_WRITE, _STANDARD, self.count, 0)

    def commands(self) -> Mapping[int, Handler]:
        """See Peripheral."""
        return {
            binary_output.ENUMERATE.pcmd: lambda pdata, _: (
                of_length(pdata, 0) + binary_output.ENUMERATE.encode(self.count)
            ),
            binary_output.SET_OUTPUT.pcmd: self._set,
        }

    def reset(self) -> None:
        """See Peripheral."""
        self._until = [-inf] * self.count

    def states(self, now: float) -> tuple[bool, ...]:
        """Which outputs are on at `now`."""
        return tuple(until > now for until in self._until)

    def _set(self, pdata: bytes, now: float) -> bytes:
        previous = self.states(now)
        try:
            settings = binary_output.decode_settings(pdata)
        except RemoteProtocolError as error:
            raise Refused(WRONG_LENGTH) from error
        try:
            states = {index: State.decode(byte) for index, byte in settings.items()}
        except RemoteProtocolError as error:
            raise Refused(FAIL) from error
        for index, state in states.items():
            if index < self.count:
                self._until[index] = _until(state, now)
        return binary_output.SET_OUTPUT.encode(previous)


def _until(state: State, now: float) -> float:
    if not state.on:
        return -inf
    return inf if state.seconds is None else now + state.seconds


# DALI (IEC 62386-102): bit 8 of a command says that it is one; else its low byte is a level.
_IS_COMMAND = 0x0100
_OFF, _RECALL_MAX, _RECALL_MIN = 0x00, 0x05, 0x06
_QUERY_STATUS, _QUERY_LEVEL = 0x90, 0xA0
_QUERIES = range(0x90, 0x100)
_MAX_LEVEL = 254
_STAY = 255
"""As a level: stay as you are."""
_LAMP_ON = 0x04
"""Bit of the status."""
_DONE, _ANSWERED = 0x80, 0x81
"""Status bytes of an LDI answer (Light standard)."""


@define
class Light(Peripheral):
    """One lamp behind an LDI (DALI) bus, and an analogue output beside it."""

    pnum = LIGHT

    level: int = 0
    """Arc power level of the lamp, 0..254."""
    millivolts: int = 0

    @property
    def info(self) -> PeripheralInfo:
        """See Peripheral."""
        return PeripheralInfo(_READ_WRITE, _STANDARD, 1, 0)

    def commands(self) -> Mapping[int, Handler]:
        """See Peripheral."""
        return {
            light.SEND_LDI.pcmd: lambda pdata, _: light.SEND_LDI.encode(self._execute(pdata)),
            light.SEND_LDI_ASYNC.pcmd: lambda pdata, _: self._execute_later(pdata),
            light.SET_LAI.pcmd: lambda pdata, _: self._set_lai(pdata),
        }

    def ldi(self, command: int) -> LdiAnswer:
        """Execute one command of 16 bits."""
        opcode = command & 0xFF
        if not command & _IS_COMMAND:
            if opcode != _STAY:
                self.level = opcode
        elif opcode in _QUERIES:
            return LdiAnswer(_ANSWERED, self._query(opcode))
        elif opcode in (_OFF, _RECALL_MAX, _RECALL_MIN):
            levels = {_OFF: 0, _RECALL_MAX: _MAX_LEVEL, _RECALL_MIN: 1}
            self.level = levels[opcode]
        return LdiAnswer(_DONE, 0)

    def _query(self, opcode: int) -> int:
        if opcode == _QUERY_STATUS:
            return _LAMP_ON if self.level else 0
        return self.level if opcode == _QUERY_LEVEL else 0

    def _execute(self, pdata: bytes) -> tuple[LdiAnswer, ...]:
        try:
            commands = light.decode_ldi(pdata)
        except RemoteProtocolError as error:
            raise Refused(WRONG_LENGTH) from error
        return tuple(self.ldi(command) for command in commands)

    def _execute_later(self, pdata: bytes) -> bytes:
        self._execute(pdata)
        return b""

    def _set_lai(self, pdata: bytes) -> bytes:
        try:
            setting = light.decode_lai(pdata)
        except RemoteProtocolError as error:
            raise Refused(WRONG_LENGTH) from error
        if setting is not None and setting > light.MAX_MILLIVOLTS:
            raise Refused(FAIL)
        previous = self.millivolts
        if setting is not None:
            self.millivolts = setting
        return light.SET_LAI.encode(previous)
