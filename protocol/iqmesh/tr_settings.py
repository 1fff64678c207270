"""Settings of the configuration of a device by name, and the bytes that they are written as."""

from collections.abc import Iterator, Mapping

from attrs import field, frozen

Triplet = tuple[int, int, int]
"""Address, value and mask of one byte (OS Write configuration byte)."""

PERIPHERALS = (
    *("coordinator", "node", "os", "eeprom", "eeeprom", "ram", "ledr", "ledg"),
    *("spi", "io", "thermometer", "pwm", "uart", "frc"),
)
"""The embedded peripherals by their bit in the first bytes of the configuration."""

BAUD_RATES = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400)
"""By the byte of the configuration."""

FLAGS: Mapping[str, int] = {
    "custom_dpa_handler": 0x01,
    "node_dpa_interface": 0x02,
    "dpa_peer_to_peer": 0x02,
    "dpa_autoexec": 0x04,
    "routing_off": 0x08,
    "io_setup": 0x10,
    "peer_to_peer": 0x20,
    "never_sleep": 0x40,
    "std_and_lp_network": 0x80,
}
"""Bits of byte 0x05."""

RFPGM: Mapping[str, int] = {
    "rf_pgm_dual_channel": 0x03,
    "rf_pgm_lp_mode": 0x04,
    "rf_pgm_incorrect_upload": 0x08,
    "rf_pgm_enable_after_reset": 0x10,
    "rf_pgm_terminate_after_1_min": 0x40,
    "rf_pgm_terminate_mcu_pin": 0x80,
}
"""Bits of the byte that says how a device can be programmed by radio."""

BYTES: Mapping[str, Triplet] = {
    "rf_sub_channel_a": (0x06, 0, 0xFF),
    "rf_sub_channel_b": (0x07, 0, 0xFF),
    "tx_power": (0x08, 0, 0x07),
    "rx_filter": (0x09, 0, 0xFF),
    "lp_rx_timeout": (0x0A, 0, 0xFF),
    "uart_baudrate": (0x0B, 0, 0xFF),
    "rf_alt_dsm_channel": (0x0C, 0, 0xFF),
    "rf_channel_a": (0x11, 0, 0xFF),
    "rf_channel_b": (0x12, 0, 0xFF),
}
"""Where the other settings stand, in the order in which they are written."""

KEY_LENGTH = 16

_FLAGS_AT, _LOCAL_FRC_AT, _RFPGM_AT = 0x05, 0x0D, 0x20
_PASSWORD, _USER_KEY = 0, 1
"""First byte of OS Set security."""

_SUB_CHANNELS = ("rf_sub_channel_a", "rf_sub_channel_b")
_NEED_RESTART = ("lp_rx_timeout", "uart_baudrate")
_FILTER_NEEDS_RESTART_BEFORE = 0x0412
_LOCAL_FRC_SINCE = 0x0415
_SUB_CHANNELS_OF = (0x0303, 0x0304)


@frozen
class TrSettings:
    """What is to be written: peripherals, switches (FLAGS, RFPGM), values (BYTES), keys.

    What is not there stays as it is. `password` and `user_key` have at most 16 bytes.
    """

    peripherals: Mapping[str, bool] = field(factory=dict)
    switches: Mapping[str, bool] = field(factory=dict)
    values: Mapping[str, int] = field(factory=dict)
    local_frc: bool | None = None
    password: bytes | None = field(default=None, repr=False)
    user_key: bytes | None = field(default=None, repr=False)

    def triplets(self, dpa: int, *, node: bool) -> list[Triplet]:
        """The bytes to write for a device with this DPA version."""
        triplets = list(self._peripherals())
        if flags := _of_bits(_FLAGS_AT, self.switches, FLAGS):
            triplets.append(flags)
        if self.local_frc is not None and node and dpa >= _LOCAL_FRC_SINCE:
            triplets.append((_LOCAL_FRC_AT, int(self.local_frc), 0x01))
        for name, (address, _, mask) in BYTES.items():
            wanted = name in self.values
            if wanted and (name not in _SUB_CHANNELS or dpa in _SUB_CHANNELS_OF):
                triplets.append((address, self.values[name], mask))
        if rfpgm := _of_bits(_RFPGM_AT, self.switches, RFPGM):
            triplets.append(rfpgm)
        return triplets

    def secrets(self) -> Iterator[bytes]:
        """PDATA of OS Set security for each key."""
        for kind, key in ((_PASSWORD, self.password), (_USER_KEY, self.user_key)):
            if key is not None:
                yield b"%c" % kind + key.ljust(KEY_LENGTH, b"\0")

    def need_restart(self, dpa: int) -> bool:
        """Whether any of it takes effect only after a restart."""
        return (
            any(name in FLAGS for name in self.switches)
            or any(name in ("spi", "uart") for name in self.peripherals)
            or any(name in _NEED_RESTART for name in self.values)
            or ("rx_filter" in self.values and dpa < _FILTER_NEEDS_RESTART_BEFORE)
        )

    def _peripherals(self) -> Iterator[Triplet]:
        value = mask = 0
        for name, on in self.peripherals.items():
            bit = 1 << PERIPHERALS.index(name)
            value, mask = value | (bit if on else 0), mask | bit
        for number in range(4):
            if part := mask >> 8 * number & 0xFF:
                yield 1 + number, value >> 8 * number & 0xFF, part


def _of_bits(address: int, wanted: Mapping[str, bool], bits: Mapping[str, int]) -> Triplet | None:
    value = mask = 0
    for name, on in wanted.items():
        bit = bits.get(name, 0)
        value, mask = value | (bit if on else 0), mask | bit
    return (address, value, mask) if mask else None
