"""HDLC framing of DPA messages on a UART: flags, byte stuffing and CRC (DPA guide, UART)."""

from attrs import define, field

from protocol.errors import LocalProtocolError

FLAG = 0x7E
ESCAPE = 0x7D
_MASK = 0x20

MAX_DATA = 64
"""Bytes of a message; the module's buffers have no more."""

_CRC_START = 0xFF
_CRC_POLYNOMIAL = 0x8C
"""x^8 + x^5 + x^4 + 1, least significant bit first, as in 1-Wire."""


def _crc_of_byte(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (_CRC_POLYNOMIAL if byte & 1 else 0)
    return byte


_CRC_TABLE = bytes(map(_crc_of_byte, range(256)))


def crc(data: bytes | bytearray) -> int:
    """The CRC of `data`; that of data with its own CRC behind it is 0."""
    value = _CRC_START
    for byte in data:
        value = _CRC_TABLE[value ^ byte]
    return value


def encode(data: bytes) -> bytes:
    """The frame that carries `data` (1..64 bytes); raises LocalProtocolError."""
    if not 1 <= len(data) <= MAX_DATA:
        raise LocalProtocolError(f"a UART frame carries 1 to {MAX_DATA} bytes, not {len(data)}")
    frame = bytearray((FLAG,))
    for byte in (*data, crc(data)):
        if byte in {FLAG, ESCAPE}:
            frame += bytes((ESCAPE, byte ^ _MASK))
        else:
            frame.append(byte)
    frame.append(FLAG)
    return bytes(frame)


@define
class Decoder:
    """Takes bytes as they come and gives the data of whole frames.

    A flag may close one frame and open the next, so that after a torn frame the next one is
    heard again. `errors` counts frames that were thrown away; what comes before the first flag
    is not counted.
    """

    errors: int = field(init=False, default=0)
    _frame: bytearray | None = field(init=False, default=None)
    _escaped: bool = field(init=False, default=False)

    def feed(self, chunk: bytes) -> list[bytes]:
        """The data of the frames that are complete with this chunk."""
        found = []
        for byte in chunk:
            if byte == FLAG:
                data = self._close()
                if data is not None:
                    found.append(data)
            elif self._frame is not None:
                self._take(byte)
        return found

    def _take(self, byte: int) -> None:
        assert self._frame is not None
        if byte == ESCAPE and not self._escaped:
            self._escaped = True
            return
        if len(self._frame) > MAX_DATA:
            # Longer than any frame with its CRC: a flag was lost, wait for the next one.
            self._drop()
            return
        self._frame.append(byte ^ _MASK if self._escaped else byte)
        self._escaped = False

    def _close(self) -> bytes | None:
        """What the flag just seen ends; it is also the beginning of what follows."""
        frame, aborted = self._frame, self._escaped
        self._frame, self._escaped = bytearray(), False
        if not frame and not aborted:
            return None
        if aborted or frame is None or len(frame) < 2 or crc(frame):
            self.errors += 1
            return None
        return bytes(frame[:-1])

    def _drop(self) -> None:
        self.errors += 1
        self._frame, self._escaped = None, False
