"""The memories of a simulated module: RAM, EEPROM and external EEPROM, and their limits."""

from collections.abc import Mapping
from typing import ClassVar

from iqrf_trio.simulator.peripherals.peripheral import Handler, Peripheral
from iqrf_trio.simulator.refusal import WRONG_ADDRESS, WRONG_LENGTH, Refused, of_length
from protocol.dpa.packet import MAX_PDATA
from protocol.dpa.peripherals.exploration import PeripheralInfo
from protocol.dpa.peripherals.memory import (
    EEEPROM_READ,
    EEEPROM_WRITE,
    EEPROM_READ,
    EEPROM_WRITE,
    RAM_READ,
    RAM_WRITE,
    READABLE,
    WRITABLE,
)
from protocol.dpa.pnum import EEEPROM, EEPROM, RAM

_ERASED = 0xFF
_READ_WRITE = 3


class Memory(Peripheral):
    """Bytes that can be read, and written from `first` (inclusive) to `end`.

    Addresses have `address_length` bytes in requests.
    """

    address_length: ClassVar[int] = 1
    read_pcmd: ClassVar[int]
    write_pcmd: ClassVar[int]

    def __init__(self, size: int, end: int, *, first: int = 0, erased: int = _ERASED) -> None:
        self.image = bytearray(bytes((erased,)) * size)
        self._first = first
        self._end = end

    def commands(self) -> Mapping[int, Handler]:
        """See Peripheral."""
        return {
            self.read_pcmd: lambda pdata, _: self._read(pdata),
            self.write_pcmd: lambda pdata, _: self._write(pdata),
        }

    def _read(self, pdata: bytes) -> bytes:
        of_length(pdata, self.address_length + 1)
        address, length = self._address(pdata), pdata[-1]
        if not 0 < length <= MAX_PDATA:
            raise Refused(WRONG_LENGTH)
        if not self._first <= address <= len(self.image) - length:
            raise Refused(WRONG_ADDRESS)
        return bytes(self.image[address : address + length])

    def _write(self, pdata: bytes) -> bytes:
        data = pdata[self.address_length :]
        if not data:
            raise Refused(WRONG_LENGTH)
        address = self._address(pdata)
        if not self._first <= address <= self._end - len(data):
            raise Refused(WRONG_ADDRESS)
        self.image[address : address + len(data)] = data
        return b""

    def _address(self, pdata: bytes) -> int:
        return int.from_bytes(pdata[: self.address_length], "little")


class Ram(Memory):
    """The 48 bytes that are the user's."""

    pnum = RAM
    read_pcmd = RAM_READ.pcmd
    write_pcmd = RAM_WRITE.pcmd

    SIZE = 48

    def __init__(self) -> None:
        super().__init__(self.SIZE, self.SIZE, erased=0)

    @property
    def info(self) -> PeripheralInfo:
        """See Peripheral."""
        return PeripheralInfo(_READ_WRITE, 0x06, self.SIZE, self.SIZE)

    def reset(self) -> None:
        """See Peripheral."""
        self.image[:] = bytes(self.SIZE)


class Eeprom(Memory):
    """The internal EEPROM up to 0xBF; the coordinator keeps the lower part for itself."""

    pnum = EEPROM
    read_pcmd = EEPROM_READ.pcmd
    write_pcmd = EEPROM_WRITE.pcmd

    SIZE = 0xC0
    COORDINATOR_FIRST = 0x80

    def __init__(self, first: int = 0) -> None:
        super().__init__(self.SIZE, self.SIZE, first=first)
        self._length = self.SIZE - first

    @property
    def info(self) -> PeripheralInfo:
        """See Peripheral."""
        return PeripheralInfo(_READ_WRITE, 0x04, self._length, MAX_PDATA - 1)


class Eeeprom(Memory):
    """The external EEPROM; the upper half, with the coordinator's tables, is read only."""

    pnum = EEEPROM
    address_length = 2
    read_pcmd = EEEPROM_READ.pcmd
    write_pcmd = EEEPROM_WRITE.pcmd

    def __init__(self) -> None:
        super().__init__(READABLE, WRITABLE)

    @property
    def info(self) -> PeripheralInfo:
        """See Peripheral."""
        return PeripheralInfo(_READ_WRITE, 0x05, 0x80, 0x10)
