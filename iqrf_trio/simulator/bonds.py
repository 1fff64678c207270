"""What a simulated coordinator knows of its network, and its tables in the external EEPROM."""

from collections.abc import Mapping

from attrs import define, field

from iqrf_trio.simulator.refusal import WRONG_DATA, Refused
from iqrf_trio.simulator.routes import Route
from protocol.dpa.frc import bitmap
from protocol.dpa.packet import COORDINATOR, MAX_NODE
from protocol.dpa.peripherals.memory import (
    MID_RECORD,
    MID_TABLE,
    PARENT_TABLE,
    VRN_TABLE,
    ZONE_TABLE,
)

_DISCOVERED_TABLE = 0x0020
_ADDRESSES = MAX_NODE + 1
_TABLE_SIZE = 0x100

_ENTRY = MID_RECORD
"""Bytes of a backup per address: MID, whether bonded, VRN, zone, VRN of the parent.

The coordinator's own holds the identifications of the network and of the discovery.
"""
_ENTRIES = 6
"""Addresses in one block of a backup: 6 * 8 + 1 = 49 bytes; the last one counts what follows."""
_BLOCKS = _ADDRESSES // _ENTRIES


@define(eq=False)
class Bonds:
    """Which module has which address, and the routes that the last discovery found.

    Every change is written to `image`, the external EEPROM, where the gateway reads it.
    """

    image: bytearray
    network: int = 0
    """Identification of the network; nodes of another one do not hear this coordinator."""
    did: int = 0
    """Identification of the discovery, another one after each."""
    mids: dict[int, int] = field(factory=dict)
    routes: dict[int, Route] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        """Lay out empty tables."""
        self._write_all()

    def free_address(self) -> int | None:
        """The lowest address that nobody has."""
        return next((a for a in range(1, _ADDRESSES) if a not in self.mids), None)

    def add(self, address: int, mid: int) -> None:
        """Bond a module; its route is not known before the next discovery."""
        self.mids[address] = mid
        self.routes.pop(address, None)
        self._write(address)

    def remove(self, address: int) -> None:
        """Forget one node."""
        self.mids.pop(address, None)
        self.routes.pop(address, None)
        self._write(address)

    def clear(self) -> None:
        """Forget all nodes."""
        self.mids.clear()
        self.routes.clear()
        self._write_all()

    def set_mid(self, address: int, mid: int) -> None:
        """Correct which module is at `address`; its route stays."""
        self.mids[address] = mid
        self._write(address)

    def discovered(self, routes: Mapping[int, Route], did: int) -> None:
        """Keep what discovery number `did` has found."""
        self.routes = {a: route for a, route in routes.items() if a in self.mids}
        self.did = did
        self._write_all()

    def hop_limit(self) -> int:
        """The hops to whom no route is known: enough to pass every bonded node."""
        return max(len(self.mids) - 1, 0)

    def backup(self, index: int) -> bytes:
        """Block number `index` of everything; raises Refused behind the last one."""
        if index >= _BLOCKS:
            raise Refused(WRONG_DATA)
        first = index * _ENTRIES
        entries = [self._entry(address) for address in range(first, first + _ENTRIES)]
        return b"".join(entries) + bytes((_BLOCKS - 1 - index,))

    def restore(self, block: bytes) -> None:
        """Take over a block that `backup` gave; raises Refused for any other."""
        index = _BLOCKS - 1 - block[-1]
        if index < 0:
            raise Refused(WRONG_DATA)
        for number in range(_ENTRIES):
            start = number * _ENTRY
            self._restore_entry(index * _ENTRIES + number, block[start : start + _ENTRY])

    def _entry(self, address: int) -> bytes:
        if address == COORDINATOR:
            return self.network.to_bytes(_ENTRY - 1, "little") + bytes((self.did,))
        mid, route = self.mids.get(address), self.routes.get(address)
        place = (route.vrn, route.zone, route.parent_vrn) if route else (0, 0, 0)
        return (mid or 0).to_bytes(4, "little") + bytes((mid is not None, *place))

    def _restore_entry(self, address: int, entry: bytes) -> None:
        if address == COORDINATOR:
            self.network, self.did = int.from_bytes(entry[:-1], "little"), entry[-1]
            return
        mid, (bonded, vrn, zone, parent_vrn) = int.from_bytes(entry[:4], "little"), entry[4:]
        self.remove(address)
        if bonded:
            self.mids[address] = mid
            if vrn:
                self.routes[address] = Route(vrn, zone, parent_vrn)
        self._write(address)

    def _write_all(self) -> None:
        for base in (VRN_TABLE, ZONE_TABLE, PARENT_TABLE):
            self.image[base : base + _TABLE_SIZE] = bytes(_TABLE_SIZE)
        for address in range(_ADDRESSES):
            self._write_row(address)
        self._write_discovered()

    def _write(self, address: int) -> None:
        self._write_row(address)
        self._write_discovered()

    def _write_discovered(self) -> None:
        found = bitmap(self.routes)
        self.image[_DISCOVERED_TABLE : _DISCOVERED_TABLE + len(found)] = found

    def _write_row(self, address: int) -> None:
        mid, route = self.mids.get(address), self.routes.get(address)
        record = b"\xff" * 4 if mid is None else mid.to_bytes(4, "little")
        start = MID_TABLE + MID_RECORD * address
        self.image[start : start + MID_RECORD] = record + b"\xff" * 4
        self.image[VRN_TABLE + address] = route.vrn if route else 0
        self.image[ZONE_TABLE + address] = route.zone if route else 0
        self.image[PARENT_TABLE + address] = route.parent_vrn if route else 0
