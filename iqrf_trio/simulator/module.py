"""What coordinator and nodes have in common: identity, peripherals, and executing requests."""

from collections.abc import Iterable, Mapping
from random import Random

from attrs import define, field

from iqrf_trio.simulator.peripherals.os import IBK_LENGTH, System
from iqrf_trio.simulator.peripherals.peripheral import Handler, Peripheral
from iqrf_trio.simulator.products import DPA_VERSION, Product
from iqrf_trio.simulator.refusal import (
    UNKNOWN_PCMD,
    UNKNOWN_PNUM,
    WRONG_HWPID,
    Refused,
    of_length,
)
from protocol.dpa.packet import ANY_HWPID
from protocol.dpa.peripherals.exploration import PeripheralEnumeration, PeripheralInfo
from protocol.dpa.pnum import EXPLORATION, FIRST_USER, OS, PERIPHERAL_INFO_PCMD
from protocol.dpa.timing import RfMode

SUPPLY_VOLTAGE = 39
"""Code of 2.97 V: 261.12 / (127 - 39)."""

_FLAGS = {RfMode.STD: 0x01, RfMode.LP: 0x05}
"""Of the enumeration: STD receiver, and STD+LP network running."""

_ABSENT = PeripheralInfo(0, 0, 0, 0)
_MORE_PERIPHERALS = 14
"""Descriptions that fit one answer."""


@define(eq=False)
class Module:
    """One transceiver with its firmware; `rebooting` is set by a request and handled by others.

    `supply` and `rssi` are codes as OS Read has them, `nadr` is the address it listens to (None:
    not bonded).
    """

    mid: int
    product: Product
    rf_mode: RfMode = RfMode.STD
    nadr: int | None = None
    supply: int = SUPPLY_VOLTAGE
    rssi: int = 0
    ibk: bytes = b""
    dpa: int = field(factory=lambda: DPA_VERSION)
    """The version of DPA in it, 0x0417 for 4.17."""
    noise: Mapping[int, int] = field(factory=dict)
    """Signals of others that it hears during a test, by channel."""
    rebooting: bool = field(init=False, default=False)
    system: System = field(init=False)
    peripherals: dict[int, Peripheral] = field(init=False, factory=dict)
    _handlers: Mapping[int, Mapping[int, Handler]] = field(init=False, factory=dict)

    def __attrs_post_init__(self) -> None:
        """Derive a bonding key from the MID where none is given."""
        self.ibk = self.ibk or Random(self.mid).randbytes(IBK_LENGTH)

    def signals(self, channel: int) -> int:
        """What a test of the RF signal answers: one more than was counted, as far as it fits."""
        return min(self.noise.get(channel, 0) + 1, 0xFF)

    def install(self, peripherals: Iterable[Peripheral]) -> None:
        """Give the module these peripherals, and the OS."""
        self.peripherals = {peripheral.pnum: peripheral for peripheral in peripherals}
        self.peripherals[OS] = self.system = System(self)
        self._handlers = {
            pnum: peripheral.commands() for pnum, peripheral in self.peripherals.items()
        }

    @property
    def embedded(self) -> frozenset[int]:
        """The PNUMs below those of the user."""
        return frozenset(pnum for pnum in (*self.peripherals, OS) if pnum < FIRST_USER)

    def enumeration(self) -> PeripheralEnumeration:
        """How it describes itself to Exploration."""
        return PeripheralEnumeration(
            dpa=self.dpa,
            user_per_nr=len(self.product.user),
            embedded=self.embedded,
            hwpid=self.product.hwpid,
            hwpid_version=self.product.hwpid_version,
            flags=_FLAGS[self.rf_mode],
            user=self.product.user,
        )

    def execute(self, pnum: int, pcmd: int, hwpid: int, pdata: bytes, now: float) -> bytes:
        """Execute a request and answer with PDATA; raises Refused."""
        if pnum == EXPLORATION:
            return self._explore(pcmd, pdata)
        if hwpid not in (ANY_HWPID, self.product.hwpid):
            raise Refused(WRONG_HWPID)
        if pcmd == PERIPHERAL_INFO_PCMD:
            return of_length(pdata, 0) + self._info(pnum).encode()
        handlers = self._handlers.get(pnum)
        if handlers is None:
            raise Refused(UNKNOWN_PNUM)
        handler = handlers.get(pcmd)
        if handler is None:
            raise Refused(UNKNOWN_PCMD)
        return handler(pdata, now)

    def dpa_value(self, params: int) -> int:
        """DpaValue of its answers, by the DPA params that come with each request."""
        return (self.rssi, self.supply, 0, 0)[params & 0x03]

    def reset(self) -> None:
        """Start anew, with what survives a reset."""
        self.rebooting = False
        for peripheral in self.peripherals.values():
            peripheral.reset()

    def _explore(self, pcmd: int, pdata: bytes) -> bytes:
        of_length(pdata, 0)
        if pcmd == PERIPHERAL_INFO_PCMD:
            return self.enumeration().encode()
        infos = [self._info(pnum) for pnum in range(pcmd, pcmd + _MORE_PERIPHERALS)]
        while infos and infos[-1] == _ABSENT:
            infos.pop()
        return b"".join(info.encode() for info in infos)

    def _info(self, pnum: int) -> PeripheralInfo:
        peripheral = self.peripherals.get(pnum)
        return peripheral.info if peripheral else _ABSENT
