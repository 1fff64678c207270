"""The OS peripheral of a simulated module: identity, configuration, batches, sleep and resets."""

import struct
from collections.abc import Iterator, Mapping
from math import inf
from typing import Protocol

from attrs import define, field

from iqrf_trio.simulator.peripherals.memory import Memory
from iqrf_trio.simulator.peripherals.peripheral import Handler, Peripheral
from iqrf_trio.simulator.products import MCU_TYPE, OS_BUILD, OS_VERSION, Product
from iqrf_trio.simulator.refusal import WRONG_ADDRESS, WRONG_DATA, WRONG_LENGTH, Refused, of_length
from protocol.dpa.frc import SELECTED_NODES, bitmap, members
from protocol.dpa.peripherals.exploration import PeripheralEnumeration, PeripheralInfo
from protocol.dpa.peripherals.os import (
    OS_BATCH,
    OS_FACTORY_SETTINGS,
    OS_INDICATE,
    OS_LOAD_CODE,
    OS_READ,
    OS_READ_CONFIG,
    OS_RESET,
    OS_RESTART,
    OS_RFPGM,
    OS_SELECTIVE_BATCH,
    OS_SET_SECURITY,
    OS_SLEEP,
    OS_TEST_RF_SIGNAL,
    OS_WRITE_CONFIG,
    OS_WRITE_CONFIG_BYTE,
    OsInfo,
    TrConfiguration,
    checksum,
)
from protocol.dpa.pnum import EEEPROM, OS
from protocol.dpa.timing import RfMode

IBK_LENGTH = 16

_SETTINGS_LENGTH = 31
_RFPGM = 0xC3
_RFPGM_ADDRESS = 0x20
"""Where Write configuration byte has it, behind the settings."""
_SECURITY_LENGTH = 17
_INIT_PHY = 0x30
_HANDLER_PRESENT = 0x04
"""Bit of the flags of OS Read."""
_SLOT_LIMITS = {RfMode.STD: 0x31, RfMode.LP: 0x75}
"""40..60 ms and 80..100 ms, as OS Read codes them."""

# OS Sleep: seconds of a unit, and the bit of the control byte that chooses the short one.
_SLEEP_UNIT = 2.097
_SHORT_SLEEP_UNIT = 0.032768
_SHORT_SLEEP = 1 << 4

_RECORD_HEADER = 5
"""Length, PNUM, PCMD and HWPID of one request in a batch."""


def _settings(embedded: frozenset[int]) -> bytes:
    """What a module is delivered with (DPA guide, "TR configuration")."""
    settings = bytearray(_SETTINGS_LENGTH)
    settings[0:4] = bitmap(embedded, 4)
    # TX power, RX filter, LP timeout, baud rate 57600; channels 52 and 2. From address 1 on.
    settings[7:11] = bytes((7, 5, 6, 6))
    settings[16:18] = bytes((52, 2))
    return bytes(settings)


class Host(Protocol):
    """The module that the OS runs on, as far as the OS has to do with it."""

    mid: int
    product: Product
    rf_mode: RfMode
    nadr: int | None
    supply: int
    rssi: int
    ibk: bytes
    rebooting: bool
    peripherals: dict[int, Peripheral]

    @property
    def embedded(self) -> frozenset[int]:
        """The PNUMs below those of the user."""

    def signals(self, channel: int) -> int:
        """What a test of the RF signal answers."""

    def enumeration(self) -> PeripheralEnumeration:
        """How the module describes itself to Exploration."""

    def execute(self, pnum: int, pcmd: int, hwpid: int, pdata: bytes, now: float) -> bytes:
        """Execute one request of a batch; raises Refused."""


@define(eq=False)
class System(Peripheral):
    """The operating system of `module`."""

    pnum = OS

    module: Host
    settings: bytearray = field(init=False)
    rfpgm: int = field(init=False, default=_RFPGM)
    keys: dict[int, bytes] = field(init=False, factory=dict)
    """What Set security has brought: 0 the access password, 1 the user key."""
    asleep_until: float = field(init=False, default=-inf)

    def __attrs_post_init__(self) -> None:
        """Start with the settings of delivery."""
        self._restore_settings()

    @property
    def info(self) -> PeripheralInfo:
        """See Peripheral."""
        return PeripheralInfo(3, 0x03, 0x22, 0x98)

    def commands(self) -> Mapping[int, Handler]:
        """See Peripheral."""
        return {
            OS_READ.pcmd: lambda pdata, _: of_length(pdata, 0) + self.os_info().encode(),
            OS_RESET.pcmd: lambda pdata, _: self._reboot(pdata),
            OS_RESTART.pcmd: lambda pdata, _: self._reboot(pdata),
            OS_READ_CONFIG.pcmd: lambda pdata, _: of_length(pdata, 0) + self._configuration(),
            OS_RFPGM.pcmd: lambda pdata, _: self._wait_for_program(pdata),
            OS_LOAD_CODE.pcmd: lambda pdata, _: self._load(pdata),
            OS_SLEEP.pcmd: self._sleep,
            OS_BATCH.pcmd: self._batch,
            OS_SELECTIVE_BATCH.pcmd: self._selective_batch,
            OS_INDICATE.pcmd: lambda pdata, _: _accept(pdata, 1),
            OS_SET_SECURITY.pcmd: lambda pdata, _: self._set_security(pdata),
            OS_WRITE_CONFIG_BYTE.pcmd: lambda pdata, _: self._write_bytes(pdata),
            OS_WRITE_CONFIG.pcmd: lambda pdata, _: self._write(pdata),
            OS_FACTORY_SETTINGS.pcmd: lambda pdata, _: (
                of_length(pdata, 0) + self._restore_settings()
            ),
            OS_TEST_RF_SIGNAL.pcmd: lambda pdata, _: self._test_rf(pdata),
        }

    def reset(self) -> None:
        """See Peripheral."""
        self.asleep_until = -inf

    def os_info(self) -> OsInfo:
        """The answer to OS Read."""
        module = self.module
        return OsInfo(
            mid=module.mid,
            os_version=OS_VERSION,
            mcu_type=MCU_TYPE,
            os_build=OS_BUILD,
            rssi=module.rssi,
            supply_voltage=module.supply,
            flags=_HANDLER_PRESENT if module.product.user else 0,
            slot_limits=_SLOT_LIMITS[module.rf_mode],
            ibk=module.ibk,
            enumeration=module.enumeration(),
        )

    def _reboot(self, pdata: bytes) -> bytes:
        of_length(pdata, 0)
        self.module.rebooting = True
        return b""

    def _configuration(self) -> bytes:
        settings = bytes(self.settings)
        return TrConfiguration(checksum(settings), settings, self.rfpgm, _INIT_PHY).encode()

    def _restore_settings(self) -> bytes:
        self.settings = bytearray(_settings(self.module.embedded))
        self.rfpgm = _RFPGM
        return b""

    def _write_bytes(self, pdata: bytes) -> bytes:
        if not pdata or len(pdata) % 3:
            raise Refused(WRONG_LENGTH)
        for start in range(0, len(pdata), 3):
            address, value, mask = pdata[start : start + 3]
            if address == _RFPGM_ADDRESS:
                self.rfpgm = self.rfpgm & ~mask | value & mask
                continue
            if not 1 <= address <= _SETTINGS_LENGTH:
                raise Refused(WRONG_DATA)
            old = self.settings[address - 1]
            self.settings[address - 1] = old & ~mask | value & mask
        return b""

    def _write(self, pdata: bytes) -> bytes:
        of_length(pdata, _SETTINGS_LENGTH + 2)
        self.settings[:] = pdata[1:-1]
        self.rfpgm = pdata[-1]
        return b""

    def _test_rf(self, pdata: bytes) -> bytes:
        """Channel, filter and time: what is weak or short is counted too."""
        channel, *_ = of_length(pdata, 4)
        return bytes((self.module.signals(channel),))

    def _set_security(self, pdata: bytes) -> bytes:
        of_length(pdata, _SECURITY_LENGTH)
        self.keys[pdata[0]] = pdata[1:]
        return b""

    def _sleep(self, pdata: bytes, now: float) -> bytes:
        of_length(pdata, 3)
        time = int.from_bytes(pdata[:2], "little")
        unit = _SHORT_SLEEP_UNIT if pdata[2] & _SHORT_SLEEP else _SLEEP_UNIT
        self.asleep_until = now + time * unit if time else inf
        return b""

    def _wait_for_program(self, pdata: bytes) -> bytes:
        # After its answer it listens to nothing but a programmer, until it is reset.
        of_length(pdata, 0)
        self.asleep_until = inf
        return b""

    def _load(self, pdata: bytes) -> bytes:
        """Compare the sum of the bytes in the external EEPROM; what fits counts as loaded."""
        of_length(pdata, 7)
        address, length, expected = struct.unpack_from("<HHH", pdata, 1)
        memory = self.module.peripherals.get(EEEPROM)
        image = memory.image if isinstance(memory, Memory) else b""
        if not length or address + length > len(image):
            raise Refused(WRONG_ADDRESS)
        return bytes((sum(image[address : address + length]) & 0xFFFF == expected,))

    def _batch(self, pdata: bytes, now: float) -> bytes:
        # Read as a whole first: a batch that is not one is refused before anything is done.
        for pnum, pcmd, hwpid, data in list(_requests(pdata)):
            try:
                self.module.execute(pnum, pcmd, hwpid, data, now)
            except Refused:
                continue
        return b""

    def _selective_batch(self, pdata: bytes, now: float) -> bytes:
        if self.module.nadr in members(pdata[:SELECTED_NODES]):
            return self._batch(pdata[SELECTED_NODES:], now)
        return b""


def _accept(pdata: bytes, length: int) -> bytes:
    """Do as if a request of this length was executed; raises Refused."""
    of_length(pdata, length)
    return b""


def _requests(pdata: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    """PNUM, PCMD, HWPID and PDATA of each request in a batch; raises Refused."""
    while pdata and (length := pdata[0]):
        if not _RECORD_HEADER <= length <= len(pdata):
            raise Refused(WRONG_DATA)
        record, pdata = pdata[1:length], pdata[length:]
        yield record[0], record[1], int.from_bytes(record[2:4], "little"), record[4:]
    if pdata != b"\0":
        raise Refused(WRONG_DATA)
