"""A simulated serial NOR flash (W25Q family) at command level: what stands on the SPI bus.

It behaves like the chip where that hurts: bits only fall, a page wraps around, nothing is changed
without write enable, a busy chip hears nothing but the question whether it still is, and the
power may fail at any byte.
"""

import os
from collections.abc import Callable, Mapping
from enum import IntEnum
from mmap import mmap
from pathlib import Path
from random import Random

from attrs import define, field

PAGE = 256
SUBSECTOR = 4096
SECTOR = 65536
W25Q128 = 16 << 20
W25Q80 = 1 << 20
"""Bytes; what stands for a chip in a file is no larger than it must."""

_WINBOND = 0xEF
_W25Q = 0x40


class Command(IntEnum):
    """The instructions (W25Q128JV, "Instruction set")."""

    WRITE_STATUS = 0x01
    PROGRAM = 0x02
    READ = 0x03
    WRITE_DISABLE = 0x04
    READ_STATUS = 0x05
    WRITE_ENABLE = 0x06
    FAST_READ = 0x0B
    ERASE_SUBSECTOR = 0x20
    JEDEC_ID = 0x9F
    ERASE_CHIP = 0xC7
    ERASE_SECTOR = 0xD8


# Bits of the status.
_BUSY, _ENABLED, _PROTECTION = 0x01, 0x02, 0x1C

_NOTHING = 0xFF
"""What a line reads that nobody drives."""


class PowerFailureError(Exception):
    """The power failed in the middle of something, for the chip and for who used it."""


Memory = bytearray | mmap
"""The cells; those of a mapped file outlive the program."""


@define(eq=False)
class FlashChip:
    """A chip with `memory`, whose length, a power of two, is its size.

    `erased` counts per subsector. `power` is how many bytes can still be programmed or erased
    before it fails (None: it does not). `busy_for` is after how many questions a command that
    changes something is done. `protected` chips ignore such commands.
    """

    memory: Memory = field(factory=lambda: bytearray(b"\xff" * W25Q128), repr=False)
    power: int | None = None
    busy_for: int = 0
    random: Random = field(factory=lambda: Random(1))
    erased: list[int] = field(init=False, repr=False)
    fastest_hz: int = field(init=False, default=0)
    _enabled: bool = field(init=False, default=False)
    _protection: int = field(init=False, default=0)
    _busy: int = field(init=False, default=0)

    def __attrs_post_init__(self) -> None:
        """Count from zero."""
        self.erased = [0] * (len(self.memory) // SUBSECTOR)

    def protect(self) -> None:
        """Set the block protection bits, as some boards are delivered."""
        self._protection = _PROTECTION

    def restart(self) -> None:
        """Switch the power on again."""
        self.power, self._enabled, self._busy = None, False, 0

    def close(self) -> None:
        """Whoever used the chip has let go of the bus."""
        if isinstance(self.memory, mmap):
            self.memory.flush()

    def transfer(self, sent: bytes, speed_hz: int) -> bytes:
        """What the chip says while `sent` is sent, as many bytes; raises PowerFailureError."""
        self.fastest_hz = max(self.fastest_hz, speed_hz)
        command, arguments = sent[0], sent[1:]
        said = b""
        if command == Command.READ_STATUS:
            said = bytes((self._status(),)) * len(arguments)
            self._busy = max(0, self._busy - 1)
        elif not self._busy:
            said = self._execute(command, arguments)
        return bytes((_NOTHING,)) + said.ljust(len(arguments), bytes((_NOTHING,)))

    def _status(self) -> int:
        return self._protection | (_ENABLED if self._enabled else 0) | (_BUSY if self._busy else 0)

    def _execute(self, command: int, arguments: bytes) -> bytes:
        match command:
            case Command.JEDEC_ID:
                identity = bytes((_WINBOND, _W25Q, len(self.memory).bit_length() - 1))
                return identity[: len(arguments)]
            case Command.READ:
                return self._read(arguments, 3)
            case Command.FAST_READ:
                return self._read(arguments, 4)
            case Command.WRITE_ENABLE | Command.WRITE_DISABLE:
                self._enabled = command == Command.WRITE_ENABLE
            case _ if self._enabled:
                self._change(command, arguments)
        return b""

    def _read(self, arguments: bytes, head: int) -> bytes:
        """Bytes from the address on, around the end; `head` includes the dummy byte."""
        size, start = len(self.memory), _address(arguments)
        length = len(arguments) - head
        first = bytes(self.memory[start % size : min(start % size + length, size)])
        return bytes(head) + first + bytes(self.memory[0 : length - len(first)])

    def _change(self, command: int, arguments: bytes) -> None:
        """Execute a command that needs write enable, which it uses up."""
        changes: Mapping[int, Callable[[bytes], None]] = {
            Command.PROGRAM: self._program,
            Command.ERASE_SUBSECTOR: lambda arguments: self._erase(_address(arguments), SUBSECTOR),
            Command.ERASE_SECTOR: lambda arguments: self._erase(_address(arguments), SECTOR),
            Command.ERASE_CHIP: lambda _: self._erase(0, len(self.memory)),
            Command.WRITE_STATUS: self._write_status,
        }
        if command not in changes:
            return
        self._enabled = False
        if self._protection and command != Command.WRITE_STATUS:
            return
        self._busy = self.busy_for
        changes[command](arguments)

    def _write_status(self, arguments: bytes) -> None:
        self._protection = arguments[0] & _PROTECTION

    def _program(self, arguments: bytes) -> None:
        start, data = _address(arguments), arguments[3:]
        page = start - start % PAGE
        spent = self._spend(len(data))
        for number, byte in enumerate(data[:spent]):
            self._clear(page + (start + number) % PAGE, byte)
        if spent < len(data):
            # The byte under way: some of its bits have fallen.
            torn = data[spent] | self.random.getrandbits(8)
            self._clear(page + (start + spent) % PAGE, torn)
            raise PowerFailureError

    def _clear(self, place: int, bits: int) -> None:
        now = self.memory[place : place + 1][0]
        self.memory[place : place + 1] = bytes((now & bits,))

    def _erase(self, address: int, length: int) -> None:
        start = address - address % length
        for subsector in range(start // SUBSECTOR, (start + length) // SUBSECTOR):
            self.erased[subsector] += 1
        if self._spend(length) < length:
            # Cells on their way to 1 read as they like, all over what is being erased.
            noise = self.random.randbytes(length)
            mixed = bytes(
                old | new
                for old, new in zip(self.memory[start : start + length], noise, strict=True)
            )
            self.memory[start : start + length] = mixed
            raise PowerFailureError
        self.memory[start : start + length] = b"\xff" * length

    def _spend(self, steps: int) -> int:
        if self.power is None:
            return steps
        spent = min(steps, self.power)
        self.power -= spent
        return spent


def chip_in_file(path: Path) -> FlashChip:
    """A chip whose cells are a file, which is made if need be; raises OSError."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not os.fstat(descriptor).st_size:
            path.write_bytes(b"\xff" * W25Q80)
        return FlashChip(mmap(descriptor, 0))
    finally:
        os.close(descriptor)


def _address(arguments: bytes) -> int:
    return int.from_bytes(arguments[:3], "big")
