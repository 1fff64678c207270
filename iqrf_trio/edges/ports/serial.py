"""Serial devices as Trio streams: the only place that sets a line up."""

import fcntl
import os
import termios
from typing import Self

import trio
from attrs import define

from iqrf_trio.edges.ports import PortError

DEFAULT_BAUD_RATE = 57600
"""Of devices where it means nothing (USB)."""

_RECEIVE = 4096
_IFLAG, _OFLAG, _CFLAG, _LFLAG, _ISPEED, _OSPEED, _CC = range(7)


@define(eq=False)
class SerialStream:
    """The bytes of a serial device; all errors are PortErrors that name it."""

    name: str
    _stream: trio.abc.Stream

    @classmethod
    def open(cls, name: str, device: str, baud_rate: int = DEFAULT_BAUD_RATE) -> Self:
        """Open a device for this program alone: eight bits, no parity, nothing translated."""
        try:
            fd = os.open(device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise PortError(f"{name}: {error.strerror}") from error
        try:
            fcntl.ioctl(fd, termios.TIOCEXCL)
            _set_up(fd, baud_rate)
            return cls(name, trio.lowlevel.FdStream(fd))
        except (OSError, termios.error) as error:
            os.close(fd)
            raise PortError(f"{name} is no serial device: {error.args[-1]}") from error

    async def send(self, data: bytes) -> None:
        """Send all of it."""
        try:
            await self._stream.send_all(data)
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise PortError(f"{self.name}: {_reason(error)}") from error

    async def receive(self) -> bytes:
        """Wait for some bytes; cancelling loses none."""
        try:
            chunk = await self._stream.receive_some(_RECEIVE)
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise PortError(f"{self.name}: {_reason(error)}") from error
        if not chunk:
            raise PortError(f"{self.name}: unplugged")
        return bytes(chunk)

    async def aclose(self) -> None:
        """Let go of the device."""
        await self._stream.aclose()


def _set_up(fd: int, baud_rate: int) -> None:
    attributes = termios.tcgetattr(fd)
    attributes[_IFLAG] = attributes[_OFLAG] = attributes[_LFLAG] = 0
    attributes[_CFLAG] = termios.CS8 | termios.CREAD | termios.CLOCAL
    attributes[_ISPEED] = attributes[_OSPEED] = getattr(termios, f"B{baud_rate}")
    # A read without data is then no end of the stream.
    attributes[_CC][termios.VMIN], attributes[_CC][termios.VTIME] = 1, 0
    termios.tcsetattr(fd, termios.TCSANOW, attributes)
    termios.tcflush(fd, termios.TCIOFLUSH)


def _reason(error: BaseException) -> str:
    cause = error.__cause__
    return (cause.strerror if isinstance(cause, OSError) else None) or "closed"
