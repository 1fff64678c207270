"""The commands of the OS peripheral (DPA guide, "OS")."""

import struct
from collections.abc import Iterable, Iterator
from typing import ClassVar

from attrs import evolve, field, frozen

from protocol.dpa import frc
from protocol.dpa.call import BYTE, NOTHING, Call, Command, Layout, bytes_named, packed
from protocol.dpa.fields import Packed, octets, unpacked, within, word
from protocol.dpa.packet import COORDINATOR, Request
from protocol.dpa.peripherals.exploration import PeripheralEnumeration, rf_mode_learnt
from protocol.dpa.pnum import OS
from protocol.dpa.timing import Timing
from protocol.errors import LocalProtocolError

_OS_INFO = struct.Struct("<IBBHBBBB")
_IBK_END = _OS_INFO.size + 16
_ENUMERATION_MIN = 12

_MCU_SUFFIXES = {4: "D", 5: "G"}
_MODULES = {
    "D": {
        0: "TR-52D",
        1: "TR-58D",
        2: "TR-72D",
        3: "TR-53D",
        4: "TR-78D",
        8: "TR-54D",
        9: "TR-55D",
        10: "TR-56D",
        11: "TR-76D",
        12: "TR-77D",
        13: "TR-75D",
    },
    "G": {0: "TR-82G", 2: "TR-72G", 9: "TR-85G", 10: "TR-86G", 11: "TR-76G", 13: "TR-75G"},
}

_RSSI_OFFSET = 130
_VOLTAGE_NUMERATOR = 261.12
_VOLTAGE_LIMIT = 127
_PLAUSIBLE_VOLTS = 6.0
"""No transceiver survives more; the formula is not confirmed for G modules."""


def rssi_dbm(code: int) -> int | None:
    """Strength of the last reception; None for nothing received, and for what no receiver says."""
    return code - _RSSI_OFFSET if 0 < code <= _RSSI_OFFSET else None


def supply_volts(code: int) -> float | None:
    """Supply voltage, None for a code that no working device has."""
    if not 0 < code < _VOLTAGE_LIMIT:
        return None
    volts = _VOLTAGE_NUMERATOR / (_VOLTAGE_LIMIT - code)
    return volts if volts <= _PLAUSIBLE_VOLTS else None


def os_version_text(version: int, mcu_type: int) -> str:
    """The OS version as people write it, "4.06D", from the two bytes that a device tells."""
    return f"{version >> 4:X}.{version & 0x0F:02X}{_series(mcu_type)}"


def module_type(mcu_type: int) -> str | None:
    """The type of the transceiver ("TR-72D"), None if it is not known."""
    return _MODULES.get(_series(mcu_type), {}).get(mcu_type >> 4)


def _series(mcu_type: int) -> str:
    return _MCU_SUFFIXES.get(mcu_type & 0x07, "")


@frozen
class OsInfo:
    """Module, operating system and state of a device.

    `rssi` and `supply_voltage` are codes (see the properties); `ibk` is empty before DPA 3.03,
    `enumeration` None before DPA 4.10.
    """

    mid: int
    os_version: int
    mcu_type: int
    os_build: int
    rssi: int
    supply_voltage: int
    flags: int
    slot_limits: int
    ibk: bytes = field(default=b"", repr=False)
    enumeration: PeripheralEnumeration | None = None

    @classmethod
    def decode(cls, pdata: bytes) -> "OsInfo":
        """Read 12 bytes, then the IBK and the enumeration where they are there (28, 40 bytes).

        Raises BadResponseError for fewer than 12.
        """
        mid, version, mcu, build, rssi, supply, flags, slots = unpacked(_OS_INFO, pdata)
        ibk, rest = pdata[_OS_INFO.size : _IBK_END], pdata[_IBK_END:]
        known = len(rest) >= _ENUMERATION_MIN
        enumeration = PeripheralEnumeration.decode(rest) if known else None
        return cls(mid, version, mcu, build, rssi, supply, flags, slots, ibk, enumeration)

    def encode(self) -> bytes:
        """The PDATA of the answer: 40 to 52 bytes with `enumeration`, 28 without."""
        head = _OS_INFO.pack(
            self.mid,
            self.os_version,
            self.mcu_type,
            self.os_build,
            self.rssi,
            self.supply_voltage,
            self.flags,
            self.slot_limits,
        )
        tail = self.enumeration.encode() if self.enumeration else b""
        return head + self.ibk + tail

    @property
    def os_version_text(self) -> str:
        """The OS version as people write it: "4.06D"."""
        return os_version_text(self.os_version, self.mcu_type)

    @property
    def module(self) -> str | None:
        """The type of the transceiver ("TR-72D"), None if it is not known."""
        return module_type(self.mcu_type)

    @property
    def rssi_dbm(self) -> int | None:
        """Strength of the last reception; None in a coordinator that has received nothing."""
        return rssi_dbm(self.rssi)

    @property
    def supply_volts(self) -> float | None:
        """Supply voltage, None for a code that means none."""
        return supply_volts(self.supply_voltage)

    @property
    def shortest_timeslot_ms(self) -> int:
        """Shortest slot that the device uses."""
        return ((self.slot_limits & 0x0F) + 3) * 10

    @property
    def longest_timeslot_ms(self) -> int:
        """Longest slot that the device uses."""
        return ((self.slot_limits >> 4) + 3) * 10


_CHECKSUM = 0x5F
"""XOR of all bytes of a configuration including its checksum (DPA guide, "TR configuration")."""


@frozen
class TrConfiguration(Packed):
    """A device's configuration: the bytes at addresses 1 to 31, and how it can be programmed."""

    layout: ClassVar = struct.Struct("<B31sBB")

    checksum: int
    settings: bytes
    rfpgm: int
    init_phy: int

    @property
    def intact(self) -> bool:
        """Whether the checksum fits."""
        return self.checksum == checksum(self.settings)


def checksum(settings: bytes) -> int:
    """The checksum of the 31 bytes of settings."""
    value = _CHECKSUM
    for byte in settings:
        value ^= byte
    return value


def _rf_mode(timing: Timing, _pdata: bytes, info: OsInfo) -> Timing:
    return rf_mode_learnt(timing, info.enumeration) if info.enumeration else timing


def after_reset(timing: Timing) -> Timing:
    """What is known of the network when the coordinator has lost its volatile parameters."""
    return evolve(timing, frc_response_ms=frc.response_time_ms(0))


def _reset(timing: Timing, _pdata: bytes, _nothing: None) -> Timing:
    return after_reset(timing)


def _measuring_ms(pdata: bytes) -> int:
    return int.from_bytes(pdata[2:4], "little") * 10


OS_READ = Command(
    OS,
    0x00,
    "Read",
    Layout(OsInfo.decode, OsInfo.encode),
    teaches=_rf_mode,
    secret_response=slice(_OS_INFO.size, _IBK_END),
)
OS_RESET = Command(OS, 0x01, "Reset", NOTHING, teaches=_reset)
OS_READ_CONFIG = Command(OS, 0x02, "ReadCfg", packed(TrConfiguration))
OS_RFPGM = Command(OS, 0x03, "RFPGM", NOTHING)
OS_SLEEP = Command(OS, 0x04, "Sleep", NOTHING)
OS_BATCH = Command(OS, 0x05, "Batch", NOTHING, limit_ms=5_000, carries=0)
OS_SET_SECURITY = Command(OS, 0x06, "SetSecurity", NOTHING, secret_request=slice(1, None))
OS_INDICATE = Command(OS, 0x07, "Indicate", NOTHING, asks=bytes_named("control"))
OS_RESTART = Command(OS, 0x08, "Restart", NOTHING, teaches=_reset)
OS_WRITE_CONFIG_BYTE = Command(OS, 0x09, "WriteCfgByte", NOTHING, limit_ms=2_000)
OS_LOAD_CODE = Command(OS, 0x0A, "LoadCode", BYTE, limit_ms=10_000)
OS_SELECTIVE_BATCH = Command(OS, 0x0B, "SelectiveBatch", NOTHING, carries=frc.SELECTED_NODES)
OS_TEST_RF_SIGNAL = Command(OS, 0x0C, "TestRfSignal", BYTE, deaf=True, busy_ms=_measuring_ms)
OS_FACTORY_SETTINGS = Command(OS, 0x0D, "FactorySettings", NOTHING, limit_ms=2_000)
OS_WRITE_CONFIG = Command(OS, 0x0F, "WriteCfg", NOTHING, limit_ms=2_000)

OS_COMMANDS = (
    OS_READ,
    OS_RESET,
    OS_READ_CONFIG,
    OS_RFPGM,
    OS_SLEEP,
    OS_BATCH,
    OS_SET_SECURITY,
    OS_INDICATE,
    OS_RESTART,
    OS_WRITE_CONFIG_BYTE,
    OS_LOAD_CODE,
    OS_SELECTIVE_BATCH,
    OS_TEST_RF_SIGNAL,
    OS_FACTORY_SETTINGS,
    OS_WRITE_CONFIG,
)

MAX_CONFIG_BYTES = 18
"""Triples that fit one Write configuration byte."""

_SETTINGS_LENGTH = 31


def os_read(nadr: int) -> Call[OsInfo]:
    """Which module the device is, and how it is."""
    return OS_READ.call(nadr)


def os_reset(nadr: int) -> Call[None]:
    """Reset the module; it does so after it has answered."""
    return OS_RESET.call(nadr)


def os_restart(nadr: int) -> Call[None]:
    """Start the module's software anew, RAM kept."""
    return OS_RESTART.call(nadr)


def os_read_config(nadr: int) -> Call[TrConfiguration]:
    """The device's configuration."""
    return OS_READ_CONFIG.call(nadr)


def os_write_config(nadr: int, settings: bytes, rfpgm: int) -> Call[None]:
    """Replace the configuration: the 31 bytes of settings, and RFPGM."""
    within("length of settings", len(settings), _SETTINGS_LENGTH, _SETTINGS_LENGTH)
    pdata = octets(checksum=checksum(settings)) + settings + octets(RFPGM=rfpgm)
    return OS_WRITE_CONFIG.call(nadr, pdata)


def os_write_config_byte(nadr: int, *writes: tuple[int, int, int]) -> Call[None]:
    """Change single bytes of the configuration: address, value, mask."""
    within("number of bytes", len(writes), 1, MAX_CONFIG_BYTES)
    return OS_WRITE_CONFIG_BYTE.call(
        nadr,
        b"".join(
            octets(address=address, value=value, mask=mask) for address, value, mask in writes
        ),
    )


def os_rfpgm(nadr: int) -> Call[None]:
    """Let the device wait for being programmed over the air."""
    return OS_RFPGM.call(nadr)


def os_sleep(nadr: int, time: int, control: int) -> Call[None]:
    """Put a node to sleep for `time` units of 2.097 s (32.768 ms with bit 4 of `control`)."""
    return OS_SLEEP.call(nadr, word("time", time) + octets(control=control))


def os_batch(nadr: int, requests: Iterable[Request]) -> Call[None]:
    """Execute several requests one after the other; their NADR is not used."""
    return OS_BATCH.call(nadr, _batch(requests))


def os_indicate(nadr: int, control: int) -> Call[None]:
    """Let the device show itself: 0 off, 1 on, 2 for 1 s, 3 for 10 s."""
    return OS_INDICATE.call(nadr, octets(control=within("control", control, 0, 3)))


def os_test_rf_signal(channel: int, rx_filter: int, time: int) -> Call[int]:
    """Count signals on a channel at the coordinator for `time` units of 10 ms."""
    pdata = octets(channel=channel, rx_filter=rx_filter) + word("time", time)
    return OS_TEST_RF_SIGNAL.call(COORDINATOR, pdata)


def os_factory_settings(nadr: int) -> Call[None]:
    """Give the device its first configuration back."""
    return OS_FACTORY_SETTINGS.call(nadr)


def batched(pdata: bytes) -> Iterator[tuple[int, int]]:
    """PNUM and PCMD of each request in a batch, as far as it can be read."""
    start = 0
    while start + 3 <= len(pdata) and pdata[start]:
        yield pdata[start + 1], pdata[start + 2]
        start += pdata[start]


def _batch(requests: Iterable[Request]) -> bytes:
    records = [request.encode()[2:] for request in requests]
    if not records:
        raise LocalProtocolError("a batch without requests")
    return b"".join(octets(length=len(record) + 1) + record for record in records) + b"\0"
