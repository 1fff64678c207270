"""The Coordinator peripheral of the simulated coordinator: bonds, discovery, routing, backup."""

from collections.abc import Mapping

from attrs import define, field

from iqrf_trio.simulator.bonds import Bonds
from iqrf_trio.simulator.node import Node
from iqrf_trio.simulator.peripherals.peripheral import Handler, Peripheral
from iqrf_trio.simulator.refusal import (
    FAIL,
    UNKNOWN_PNUM,
    WRONG_DATA,
    WRONG_LENGTH,
    Refused,
    of_length,
)
from iqrf_trio.simulator.world import World
from protocol.dpa.packet import MAX_NODE, TEMPORARY
from protocol.dpa.peripherals.coordinator import (
    ADDR_INFO,
    AUTHORIZE_BOND,
    BACKUP_BLOCK,
    BOND_NODE,
    BONDED_DEVICES,
    CLEAR_ALL_BONDS,
    COORDINATOR_BACKUP,
    COORDINATOR_RESTORE,
    DISCOVERED_DEVICES,
    DISCOVERY,
    MAX_AUTHORIZED,
    OPTIMIZED_HOPS,
    REMOVE_BOND,
    SET_DPA_PARAMS,
    SET_HOPS,
    SET_MID,
    SMART_CONNECT,
    AddrInfo,
    Bonded,
    Hops,
)
from protocol.dpa.peripherals.exploration import PeripheralInfo
from protocol.dpa.pnum import COORDINATOR_PNUM

_OPTIMIZED = Hops(OPTIMIZED_HOPS, OPTIMIZED_HOPS)

_PAIR = 5
"""Address and MID in Authorize bond."""
_SMART_CONNECT_LENGTH = 38
_SMART_CONNECT_IBK = slice(2, 18)
_SMART_CONNECT_MID = slice(18, 22)


@define(eq=False)
class Administration(Peripheral):
    """Gives addresses to the nodes of `world` and keeps book of them in `bonds`.

    `hops` and `dpa_params` last until the next reset.
    """

    pnum = COORDINATOR_PNUM

    world: World
    bonds: Bonds
    hops: Hops = field(init=False, default=_OPTIMIZED)
    dpa_params: int = field(init=False, default=0)

    @property
    def info(self) -> PeripheralInfo:
        """See Peripheral."""
        return PeripheralInfo(3, 0x01, 0x38, 0)

    def commands(self) -> Mapping[int, Handler]:
        """See Peripheral."""
        return {
            ADDR_INFO.pcmd: lambda pdata, _: of_length(pdata, 0) + self._addr_info(),
            DISCOVERED_DEVICES.pcmd: lambda pdata, _: (
                of_length(pdata, 0) + DISCOVERED_DEVICES.encode(frozenset(self.bonds.routes))
            ),
            BONDED_DEVICES.pcmd: lambda pdata, _: (
                of_length(pdata, 0) + BONDED_DEVICES.encode(frozenset(self.bonds.mids))
            ),
            CLEAR_ALL_BONDS.pcmd: lambda pdata, _: self._clear(pdata),
            BOND_NODE.pcmd: self._bond_node,
            REMOVE_BOND.pcmd: lambda pdata, _: self._remove_bond(of_length(pdata, 1)[0]),
            DISCOVERY.pcmd: self._discover,
            SET_DPA_PARAMS.pcmd: lambda pdata, _: self._set_params(of_length(pdata, 1)[0]),
            SET_HOPS.pcmd: lambda pdata, _: self._set_hops(of_length(pdata, 2)),
            COORDINATOR_BACKUP.pcmd: lambda pdata, _: self.bonds.backup(of_length(pdata, 1)[0]),
            COORDINATOR_RESTORE.pcmd: lambda pdata, _: self._restore(pdata),
            AUTHORIZE_BOND.pcmd: self._authorize,
            SMART_CONNECT.pcmd: self._smart_connect,
            SET_MID.pcmd: lambda pdata, _: self._set_mid(of_length(pdata, 5)),
        }

    def reset(self) -> None:
        """See Peripheral."""
        self.hops = _OPTIMIZED
        self.dpa_params = 0

    def _addr_info(self) -> bytes:
        return AddrInfo(len(self.bonds.mids), self.bonds.did).encode()

    def _clear(self, pdata: bytes) -> bytes:
        of_length(pdata, 0)
        self.bonds.clear()
        return b""

    def _remove_bond(self, address: int) -> bytes:
        if address not in self.bonds.mids:
            raise Refused(FAIL)
        self.bonds.remove(address)
        return REMOVE_BOND.encode(len(self.bonds.mids))

    def discover(self, tx_power: int, highest: int = MAX_NODE, now: float = 0.0) -> None:
        """Find new routes to all bonded nodes up to address `highest`."""
        did = self.bonds.did % 0xFF + 1
        addresses = [address for address in self.bonds.mids if address <= highest]
        self.bonds.discovered(self.world.explore(addresses, tx_power, did, now), did)

    def _discover(self, pdata: bytes, now: float) -> bytes:
        tx_power, highest = of_length(pdata, 2)
        self.discover(tx_power, highest or MAX_NODE, now)
        return DISCOVERY.encode(len(self.bonds.routes))

    def _set_params(self, params: int) -> bytes:
        previous, self.dpa_params = self.dpa_params, params
        return SET_DPA_PARAMS.encode(previous)

    def _set_hops(self, pdata: bytes) -> bytes:
        previous, self.hops = self.hops, Hops.decode(pdata)
        return SET_HOPS.encode(previous)

    def _restore(self, pdata: bytes) -> bytes:
        self.bonds.restore(of_length(pdata, BACKUP_BLOCK))
        return b""

    def _set_mid(self, pdata: bytes) -> bytes:
        mid, address = int.from_bytes(pdata[:4], "little"), pdata[4]
        if address not in self.bonds.mids:
            # Seen with real coordinators, though ERROR_ADDR would be expected.
            raise Refused(UNKNOWN_PNUM)
        self.bonds.set_mid(address, mid)
        return b""

    def _bond_node(self, pdata: bytes, now: float) -> bytes:
        address, _retries = of_length(pdata, 2)
        node = next((node for node in self.world.strangers(now) if node.button), None)
        if node is None:
            raise Refused(FAIL)
        return self._bond(self._address(address), node)

    def _smart_connect(self, pdata: bytes, now: float) -> bytes:
        of_length(pdata, _SMART_CONNECT_LENGTH)
        if pdata[0] == TEMPORARY:
            return self._prebond(pdata[_SMART_CONNECT_MID], now)
        mid = int.from_bytes(pdata[_SMART_CONNECT_MID], "little")
        node = self._stranger(mid, now)
        if node is None or pdata[_SMART_CONNECT_IBK] != node.ibk:
            raise Refused(FAIL)
        return self._bond(self._address(pdata[0]), node)

    def _prebond(self, filtering: bytes, now: float) -> bytes:
        """Prebond all strangers, or those whose MID leaves a remainder: (remainder, divisor)."""
        remainder, divisor = filtering[0], filtering[1]
        self.world.prebond(
            self.bonds.network,
            self.bonds.mids,
            lambda mid: not divisor or mid % divisor == remainder,
            now,
        )
        return SMART_CONNECT.encode(Bonded(TEMPORARY, len(self.bonds.mids)))

    def _authorize(self, pdata: bytes, now: float) -> bytes:
        if not pdata or len(pdata) % _PAIR or len(pdata) > MAX_AUTHORIZED * _PAIR:
            raise Refused(WRONG_LENGTH)
        address = 0
        for start in range(0, len(pdata), _PAIR):
            address = self._address(pdata[start])
            mid = int.from_bytes(pdata[start + 1 : start + _PAIR], "little")
            # The coordinator keeps the bond whether or not such a module is there, and hears it.
            self.bonds.add(address, mid)
            for node in list(self.world.prebonded(self.bonds.network)):
                if node.mid == mid and self.world.hears(node, now):
                    node.nadr = address
        # Of several nodes the coordinator names none.
        named = address if len(pdata) == _PAIR else 0
        return AUTHORIZE_BOND.encode(Bonded(named, len(self.bonds.mids)))

    def _stranger(self, mid: int, now: float) -> Node | None:
        return next((node for node in self.world.strangers(now) if node.mid == mid), None)

    def _address(self, wanted: int) -> int:
        """The address that a node gets: `wanted`, or for 0 the first free one; raises Refused."""
        address = wanted or self.bonds.free_address()
        if address is None or address in self.bonds.mids:
            raise Refused(FAIL)
        if address > MAX_NODE:
            raise Refused(WRONG_DATA)
        return address

    def _bond(self, address: int, node: Node) -> bytes:
        self.bonds.add(address, node.mid)
        node.nadr, node.network = address, self.bonds.network
        return BOND_NODE.encode(Bonded(address, len(self.bonds.mids)))
