"""The SPI bus of the host: the only place that uses spidev.

spidev opens and configures the device. Its own transfer calls cannot pause between bytes while
chip select stays low, so packets go out as messages of one-byte transfers, each with its pause.
"""

import ctypes
import fcntl
import re
import struct
from pathlib import Path
from typing import Any, Self

from attrs import define, field

from iqrf_trio.edges.ports import PortError

_TRANSFER = struct.Struct("=QQIIHBBBBBB")
"""struct spi_ioc_transfer: tx_buf, rx_buf, len, speed_hz, delay_usecs, bits_per_word, cs_change,
tx_nbits, rx_nbits, word_delay_usecs, pad (linux/spi/spidev.h)."""

_MESSAGE = 0x40006B00
"""SPI_IOC_MESSAGE(0); the size of the transfers is added at bit 16."""

_ALIGNMENT = 128
"""What a transfer is rounded up to before it is counted: the longest cache line of all hosts."""

_NUMBERED = re.compile(r"/dev/spidev(\d+)\.(\d+)")
"""How the kernel names a device: bus and chip select."""

_EXTRA = "install iqrf-trio with the extra [spi]"

_BUFFER_SIZE = Path("/sys/module/spidev/parameters/bufsiz")
_DEFAULT_BUFFER_SIZE = 4096

_LONGEST = 128
"""Bytes of a packet, and more."""


def transfers_per_message() -> int:
    """How many one-byte transfers the kernel takes at once."""
    try:
        size = int(_BUFFER_SIZE.read_text())
    except (OSError, ValueError):
        size = _DEFAULT_BUFFER_SIZE
    return max(1, size // _ALIGNMENT)


@define(eq=False)
class SpiBus:
    """One device on the bus. Its calls block for as long as the transfer takes."""

    device: str
    speed_hz: int
    select_us: int
    _spidev: Any
    _chunk: int = field(factory=transfers_per_message, kw_only=True)
    _out: bytearray = field(init=False, factory=lambda: bytearray(_LONGEST))
    _in: bytearray = field(init=False, factory=lambda: bytearray(_LONGEST))
    _messages: dict[tuple[int, int], list[tuple[int, bytearray]]] = field(init=False, factory=dict)

    @classmethod
    def open(cls, device: str, speed_hz: int, select_us: int) -> Self:
        """Open a device in mode 0 with 8 bits; `select_us` is from chip select to the clock.

        Raises PortError.
        """
        try:
            import spidev  # noqa: PLC0415 - it is compiled, and only this bus needs it
        except ImportError as error:
            raise PortError(f"SPI needs spidev ({error}); {_EXTRA}") from error
        opened = spidev.SpiDev()
        try:
            _open(opened, device)
            opened.mode = 0
            opened.bits_per_word = 8
            opened.max_speed_hz = speed_hz
        except OSError as error:
            opened.close()
            raise PortError(f"spi {device}: {error.strerror}") from error
        return cls(device, speed_hz, select_us, opened)

    def exchange(self, packet: bytes, gap_us: int) -> bytes:
        """Send bytes with a pause after each, chip select low throughout; returns what came.

        Raises PortError.
        """
        self._out[: len(packet)] = packet
        try:
            descriptor = self._spidev.fileno()
            for request, transfers in self._messages_of(len(packet), gap_us):
                fcntl.ioctl(descriptor, request, transfers)
        except OSError as error:
            raise PortError(f"spi {self.device}: {error.strerror}") from error
        return bytes(self._in[: len(packet)])

    def transfer(self, sent: bytes, speed_hz: int) -> bytes:
        """Exchange up to 4096 bytes without pauses, chip select low throughout; raises PortError.

        For other chips than IQRF modules, which need pauses.
        """
        try:
            return bytes(self._spidev.xfer2(list(sent), speed_hz))
        except (OSError, OverflowError) as error:
            raise PortError(f"spi {self.device}: {error}") from error

    def close(self) -> None:
        """Let go of the device."""
        self._spidev.close()

    def _messages_of(self, length: int, gap_us: int) -> list[tuple[int, bytearray]]:
        """The ioctls for a packet: requests and their transfers, made once for each length."""
        found = self._messages.get((length, gap_us))
        if found is None:
            found = self._messages[length, gap_us] = [
                self._message(first, min(first + self._chunk, length), length, gap_us)
                for first in range(0, length, self._chunk)
            ]
        return found

    def _message(self, first: int, end: int, length: int, gap_us: int) -> tuple[int, bytearray]:
        transfers = bytearray()
        if first == 0:
            # A transfer without bytes selects the chip and waits.
            transfers += self._transfer(0, 0, self.select_us, keep=False)
        for index in range(first, end):
            # Asking for a change behind the last transfer keeps chip select for the next message.
            keep = index == end - 1 < length - 1
            transfers += self._transfer(index, 1, gap_us, keep=keep)
        return _MESSAGE | len(transfers) << 16, transfers

    def _transfer(self, index: int, length: int, delay_us: int, *, keep: bool) -> bytes:
        return _TRANSFER.pack(
            _address(self._out) + index,
            _address(self._in) + index,
            length,
            self.speed_hz,
            delay_us,
            8,
            keep,
            0,
            0,
            0,
            0,
        )


def _address(buffer: bytearray) -> int:
    """Where its bytes are; they stay as long as its size does."""
    return ctypes.addressof(ctypes.c_char.from_buffer(buffer))


def _open(spidev: Any, device: str) -> None:
    """Open the device by its path; before 3.7 spidev knows it only by the numbers in its name.

    Raises PortError, OSError.
    """
    if hasattr(spidev, "open_path"):
        spidev.open_path(device)
        return
    numbers = _NUMBERED.fullmatch(str(Path(device).resolve()))
    if numbers is None:
        raise PortError(f"spi {device}: this version of spidev opens only /dev/spidevBUS.DEVICE")
    spidev.open(int(numbers[1]), int(numbers[2]))
