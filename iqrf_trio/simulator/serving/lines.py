"""How simulated modules put DPA messages on a line: HDLC on a UART, ASCII framing on USB."""

from collections.abc import Callable, Iterator
from enum import Enum
from typing import Protocol

from attrs import define, field, frozen

from iqrf_trio.simulator.serving.bus_faults import BusFault, BusFaults
from protocol.link import cdc, hdlc, spi

_NOISE = 0x01


@frozen
class Deliver:
    """A message for the module."""

    frame: bytes


@frozen
class Reply:
    """Bytes for the gateway that the module knows nothing of."""

    data: bytes


@frozen
class Reset:
    """The gateway wants the module to start anew."""


Action = Deliver | Reply | Reset


class Line(Protocol):
    """One device's side of a line, from its opening to its end."""

    def heard(self, chunk: bytes) -> Iterator[Action]:
        """What bytes from the gateway lead to."""

    def framed(self, frame: bytes) -> bytes:
        """The bytes that carry a message to the gateway."""


@define(eq=False)
class UartLine:
    """See Line."""

    faults: BusFaults
    _decoder: hdlc.Decoder = field(init=False, factory=hdlc.Decoder)

    def heard(self, chunk: bytes) -> Iterator[Action]:
        """See Line."""
        for frame in self._decoder.feed(chunk):
            if not self.faults.strikes(BusFault.GARBLED):
                yield Deliver(frame)

    def framed(self, frame: bytes) -> bytes:
        """See Line."""
        data = hdlc.encode(frame)
        if self.faults.strikes(BusFault.GARBLED):
            return data[:1] + bytes((data[1] ^ _NOISE,)) + data[2:]
        return data


@define(eq=False)
class CdcLine:
    """See Line; also answers the commands that are for the USB device itself."""

    faults: BusFaults
    info: Callable[[], bytes] = bytes
    """TR info; a device that has none does not know the command."""
    _buffer: bytearray = field(init=False, factory=bytearray)

    def heard(self, chunk: bytes) -> Iterator[Action]:
        """See Line."""
        self._buffer += chunk
        while (end := self._end()) is not None:
            command = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            yield from self._do(command)

    def framed(self, frame: bytes) -> bytes:
        """See Line."""
        return b"<DR" + bytes((len(frame),)) + b":" + frame + b"\r"

    def _end(self) -> int | None:
        """Where the CR of the first command stands, None if it has not come."""
        if self._buffer.startswith(b">DS") and len(self._buffer) > 3:
            end = 5 + self._buffer[3]
            return end if len(self._buffer) > end else None
        end = self._buffer.find(cdc.CR)
        return end if end >= 0 else None

    def _do(self, command: bytes) -> Iterator[Action]:
        if command.startswith(b">DS"):
            if self.faults.strikes(BusFault.BUSY):
                yield Reply(b"<DS:BUSY\r")
            else:
                yield Reply(b"<DS:OK\r")
                yield Deliver(command[5:])
            return
        if command + b"\r" == cdc.RESET_MODULE:
            yield Reset()
        yield Reply(self._replies.get(command + b"\r", b"<ERR") + b"\r")

    @property
    def _replies(self) -> dict[bytes, bytes]:
        return {
            cdc.TEST: b"<OK",
            cdc.RESET_DEVICE: b"<R:OK",
            cdc.RESET_MODULE: b"<RT:OK",
            cdc.DEVICE_INFO: b"<I:GW-USB-SIM#01.00#00000001",
            cdc.MODULE_INFO: b"<IT:" + info if (info := self.info()) else b"<ERR",
            cdc.STATUS: b"<S:" + bytes((spi.READY,)),
        }


class BareLine:
    """See Line; messages as they are, one per segment."""

    def heard(self, chunk: bytes) -> Iterator[Action]:
        """See Line."""
        yield Deliver(chunk)

    def framed(self, frame: bytes) -> bytes:
        """See Line."""
        return frame


class LineKind(Enum):
    """The kinds of serial devices that can be simulated."""

    UART = "uart"
    CDC = "cdc"

    def line(self, faults: BusFaults, info: Callable[[], bytes]) -> Line:
        """A device's side of such a line; `info` is its TR info."""
        return UartLine(faults) if self is LineKind.UART else CdcLine(faults, info)
