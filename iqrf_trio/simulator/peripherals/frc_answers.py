"""What a simulated node answers to an FRC, by command."""

from collections.abc import Callable, Mapping

from iqrf_trio.simulator.node import Node
from iqrf_trio.simulator.refusal import WRONG_HWPID, Refused
from protocol.dpa import frc
from protocol.dpa.pnum import LIGHT, SENSOR
from protocol.standard.light import decode_ldi, encode_lai_frc, encode_ldi_frc
from protocol.standard.quantities import NoValue

_UNSUPPORTED = NoValue.UNSUPPORTED.value

_EXECUTED, _OTHER_HWPID = 0b01, 0b10
"""The two bits in an acknowledged broadcast."""

_ZERO_CELSIUS = 0x7F
"""0 °C in the embedded temperature FRC, as 0 would be silence."""

_FAST = 0x01
"""FRC response time of 40 ms, bit 0 set so that it is no silence."""
_UNKNOWN_TIME = 0xFF

Answer = Callable[[Node, bytes, float], int]
"""Node, user data and time to the raw value."""


def answer(node: Node, command: int, user_data: bytes, now: float) -> int:
    """The raw value that `node` puts into its slot; a command it does not know gives 1."""
    # Short user data read as zeros.
    user_data = user_data.ljust(frc.MAX_USER_DATA, b"\0")
    standard = _BY_STANDARD.get((command, user_data[0]))
    if standard is not None and user_data[0] in node.product.user:
        return standard(node, user_data, now)
    embedded = _EMBEDDED.get(command)
    return _UNSUPPORTED if embedded is None else embedded(node, user_data, now)


def _ping(_node: Node, _user_data: bytes, _now: float) -> int:
    return 1


def _acknowledged_broadcast(node: Node, user_data: bytes, now: float) -> int:
    length, pnum, pcmd = user_data[:3]
    hwpid = int.from_bytes(user_data[3:5], "little")
    try:
        node.execute(pnum, pcmd, hwpid, user_data[5:length], now)
    except Refused as refusal:
        return _OTHER_HWPID if refusal.rcode == WRONG_HWPID else _EXECUTED
    return _EXECUTED


def _temperature(node: Node, _user_data: bytes, now: float) -> int:
    whole = node.chip.temperature(now).whole
    return whole & 0xFF if whole else _ZERO_CELSIUS


def _memory(node: Node, user_data: bytes, now: float, *, length: int, plus_one: bool) -> int:
    pnum, pcmd, size = user_data[2:5]
    memory = node.memory_after(pnum, pcmd, user_data[5 : 5 + size], now)
    raw = int.from_bytes(memory.read(int.from_bytes(user_data[:2], "little"), length), "little")
    return (raw + plus_one) & (1 << 8 * length) - 1


def _memory_read_4b(node: Node, user_data: bytes, now: float) -> int:
    return _memory(node, user_data[2:], now, length=4, plus_one=bool(user_data[0] & 1))


def _response_time(node: Node, user_data: bytes, _now: float) -> int:
    if node.frc_time is not None:
        return node.frc_time
    asked = user_data[0]
    known = asked in _EMBEDDED or any(asked == command for command, _ in _BY_STANDARD)
    return _FAST if known else _UNKNOWN_TIME


def _test_rf(node: Node, user_data: bytes, _now: float) -> int:
    return node.signals(user_data[0])


def _sensor(command: int) -> Answer:
    return lambda node, user_data, now: node.sensors.answer_frc(command, user_data, now)


def _ldi(node: Node, user_data: bytes, _now: float) -> int:
    (command,) = decode_ldi(user_data[1:3])
    return encode_ldi_frc(node.light.ldi(command))


_EMBEDDED: Mapping[int, Answer] = {
    frc.PING: _ping,
    frc.ACK_BROADCAST_BITS: _acknowledged_broadcast,
    frc.TEMPERATURE: _temperature,
    frc.ACK_BROADCAST_BYTES: _acknowledged_broadcast,
    frc.MEMORY_READ: lambda node, data, now: _memory(node, data, now, length=1, plus_one=False),
    frc.MEMORY_READ_PLUS_1: lambda node, data, now: _memory(
        node, data, now, length=1, plus_one=True
    ),
    frc.FRC_RESPONSE_TIME: _response_time,
    frc.TEST_RF_SIGNAL: _test_rf,
    frc.MEMORY_READ_4B: _memory_read_4b,
}

_BY_STANDARD: Mapping[tuple[int, int], Answer] = {
    (frc.SENSOR_2BIT, SENSOR): _sensor(frc.SENSOR_2BIT),
    (frc.SENSOR_1BYTE, SENSOR): _sensor(frc.SENSOR_1BYTE),
    (frc.SENSOR_2BYTE, SENSOR): _sensor(frc.SENSOR_2BYTE),
    (frc.SENSOR_4BYTE, SENSOR): _sensor(frc.SENSOR_4BYTE),
    (frc.LIGHT_SEND_LDI, LIGHT): _ldi,
    (frc.LIGHT_READ_LAI, LIGHT): lambda node, _data, _now: encode_lai_frc(node.light.millivolts),
}
"""By FRC command and PNUM, which is the first byte of the user data."""
