"""The tables in the coordinator's external EEPROM: which bytes to read, and what they say.

They tell of every bonded node its MID, VRN, zone and parent without a single radio frame.
"""

from collections.abc import Iterable, Mapping

from attrs import evolve, frozen

from protocol.dpa.packet import COORDINATOR
from protocol.dpa.peripherals.memory import MAX_READ, MID_TABLE, PARENT_TABLE, VRN_TABLE, ZONE_TABLE
from protocol.network.identity import renewed
from protocol.network.network import Device, Network

NO_MID = frozenset((0, 0xFFFFFFFF))
"""What the MID table holds where a MID is not known: erased or never written."""


@frozen
class Table:
    """One record of `record` bytes per address, the first (address 0) at `base`."""

    base: int
    record: int

    def reads(self, addresses: Iterable[int]) -> tuple["Read", ...]:
        """The fewest reads that cover the records of `addresses`; none is empty."""
        room = MAX_READ // self.record
        reads: list[Read] = []
        for address in sorted(set(addresses)):
            if reads and address < reads[-1].first + room:
                reads[-1] = evolve(reads[-1], count=address - reads[-1].first + 1)
            else:
                reads.append(Read(self, address, 1))
        return tuple(reads)


@frozen
class Read:
    """One extended EEPROM read: `count` records from that of address `first` on."""

    table: Table
    first: int
    count: int

    @property
    def memory_address(self) -> int:
        """Where in the external EEPROM the read begins."""
        return self.table.base + self.first * self.table.record

    @property
    def length(self) -> int:
        """How many bytes the read asks for."""
        return self.count * self.table.record

    def records(self, data: bytes) -> dict[int, bytes]:
        """The record of each address in what was read."""
        size = self.table.record
        return {
            self.first + number: data[number * size : (number + 1) * size]
            for number in range(self.count)
        }


# All of it local to the coordinator.
MIDS = Table(MID_TABLE, 8)
"""MID (4 bytes, LSB first) and 4 bytes that are of no use here."""
VRNS = Table(VRN_TABLE, 1)
ZONES = Table(ZONE_TABLE, 1)
"""Zone + 1; the coordinator itself is in zone 0."""
PARENTS = Table(PARENT_TABLE, 1)
"""The VRN of the parent, see `_places`."""


@frozen
class Survey:
    """What the coordinator knows of its network: `coordinator` itself and the raw tables."""

    coordinator: Device
    bonded: frozenset[int]
    discovered: frozenset[int]
    mids: Mapping[int, bytes]
    vrns: Mapping[int, bytes]
    zones: Mapping[int, bytes]
    parents: Mapping[int, bytes]

    def mid(self, address: int) -> int:
        """The MID of the node at `address`, 0 where the coordinator does not know it."""
        mid = int.from_bytes(self.mids.get(address, b"")[:4], "little")
        return 0 if mid in NO_MID else mid


def surveyed(network: Network, survey: Survey) -> Network:
    """`network` as the coordinator sees it now.

    A device is its MID: what is known of a module stays with it when its address changes, and
    goes with it when it leaves. A node whose MID the coordinator does not know, or tells twice,
    is left out: there is nothing to know it by. Of two that have the same one, it is the module's
    own who is where the module was known to be.
    """
    known = {device.mid: device for device in network}
    coordinator = _renewed(known.get(survey.coordinator.mid), survey.coordinator)
    devices = {coordinator.mid: coordinator}
    places = _places(survey)
    for address in sorted(survey.bonded, key=lambda each: (not _stayed(known, survey, each), each)):
        mid = survey.mid(address)
        if mid and mid not in devices:
            place = places.get(address, _NOWHERE)
            devices[mid] = evolve(
                known.get(mid) or Device(address, mid),
                address=address,
                discovered=place.discovered,
                vrn=place.vrn,
                zone=place.zone,
                parent=place.parent,
            )
    return Network.of(devices.values())


def _stayed(known: Mapping[int, Device], survey: Survey, address: int) -> bool:
    """Whether the module at `address` was known to be there."""
    before = known.get(survey.mid(address))
    return before is not None and before.address == address


def _renewed(before: Device | None, coordinator: Device) -> Device:
    """The coordinator as it is now, with what people noted about it."""
    if before is None or coordinator.product is None:
        return coordinator
    product = renewed(before.product, coordinator.product)
    return evolve(coordinator, product=product, metadata=before.metadata)


def nameless(survey: Survey, network: Network) -> tuple[int, ...]:
    """The bonded addresses that `surveyed` had to leave out, for the log."""
    return tuple(sorted(address for address in survey.bonded if network.get(address) is None))


@frozen
class _Place:
    """Where in the routing tree a node stands."""

    discovered: bool = False
    vrn: int = 0
    zone: int = 0
    parent: int | None = None


_NOWHERE = _Place()


def _places(survey: Survey) -> dict[int, _Place]:
    """The place of each discovered address.

    The parent table holds VRNs by what its bytes allow, while the API speaks of the parent's
    address; nobody but this function needs to know.
    """
    vrns = {address: survey.vrns.get(address, b"\0")[0] for address in survey.discovered}
    by_vrn = {vrn: address for address, vrn in vrns.items()} | {0: COORDINATOR}
    return {
        address: _Place(
            discovered=True,
            vrn=vrn,
            zone=max(survey.zones.get(address, b"\0")[0] - 1, 0),
            parent=by_vrn.get(survey.parents.get(address, b"\xff")[0]),
        )
        for address, vrn in vrns.items()
    }
