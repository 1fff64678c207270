"""Who is in the network, as AutoNetwork knows it, and how it looks who is really there."""

from collections.abc import Callable, Collection
from functools import partial

from attrs import define, field

from protocol.dpa import frc, frc_steps
from protocol.dpa.errors import DpaError
from protocol.dpa.packet import ANY_HWPID
from protocol.dpa.peripherals.coordinator import (
    addr_info,
    bonded_devices,
    discovered_devices,
    discovery,
    remove_bond,
)
from protocol.dpa.peripherals.node import NODE_REMOVE_BOND
from protocol.dpa.peripherals.os import OS_RESTART
from protocol.dpa.step import Make
from protocol.iqmesh import mids
from protocol.iqmesh.auto_network.codes import WaveCode
from protocol.iqmesh.auto_network.settings import Settings
from protocol.iqmesh.bond_changes import BondChanges
from protocol.iqmesh.plan import Pause, Plan, ask, do

PING_PAUSE_S = 2.0
"""Between two pings of nodes that keep silent."""

_NO_DATA = bytes(frc.MIN_USER_DATA)

_DONE = 0b01
"""Bit of an acknowledged broadcast: the node has executed the command."""


@define(eq=False)
class Members:
    """`bonds` are MIDs by address in the coordinator, 0 where it knows none.

    `silent` are those of them that this run has authorised, and that were not heard since.
    """

    settings: Settings
    _say: Callable[[WaveCode], Plan[None]]
    bonds: dict[int, int] = field(factory=dict, init=False)
    silent: dict[int, int] = field(factory=dict, init=False)
    discovered: frozenset[int] = field(default=frozenset(), init=False)

    def changes(self, before: frozenset[int]) -> BondChanges:
        """What has come of the bonds since those at `before` were the only ones."""
        joined = {node: mid for node, mid in self.bonds.items() if node not in before}
        return BondChanges(before, joined=joined, gone=before - self.bonds.keys())

    def survey(self) -> Plan[None]:
        """Ask the coordinator for everything that is not known yet."""
        yield from ask(addr_info())
        bonded = yield from ask(bonded_devices())
        self.discovered = yield from ask(discovered_devices())
        unknown = yield from mids.at(bonded - self.bonds.keys())
        known = {node: mid for node, mid in self.bonds.items() if node in bonded}
        self.bonds = dict(sorted((known | unknown).items()))
        self.silent = {node: mid for node, mid in self.silent.items() if node in bonded}

    def discover(self) -> Plan[int]:
        """Have the routes found; how many nodes have one."""
        return (yield from ask(discovery(self.settings.tx_power, 0)))

    def discover_well(self) -> Plan[frozenset[int]]:
        """The same after nodes have come, once more if fewer are found than before."""
        before, found = len(self.discovered), 0
        for _ in range(2):
            yield from self._say(WaveCode.DISCOVERING)
            found = yield from self.discover()
            if found >= before:
                break
        yield from self.survey()
        return self.discovered

    def heard(self, nodes: Collection[int]) -> dict[int, int]:
        """Take these off the silent ones; those that were among them, as MIDs by address."""
        heard = {node: mid for node, mid in self.silent.items() if node in nodes}
        self.silent = {node: mid for node, mid in self.silent.items() if node not in nodes}
        return heard

    def ping_all(self) -> Plan[dict[int, int]]:
        """Who of the silent answers to one of several FRCs to everybody."""
        return self._ping(lambda: frc_steps.read_all(frc.PING, self.bonds, _NO_DATA))

    def ping_silent(self) -> Plan[dict[int, int]]:
        """Who of the silent answers to one of several FRCs to them."""
        return self._ping(lambda: frc_steps.read(frc.PING, sorted(self.silent), _NO_DATA))

    def _ping(self, make: Make[dict[int, int]]) -> Plan[dict[int, int]]:
        heard = dict[int, int]()
        for number in range(1 + self.settings.retries):
            if number:
                yield Pause(PING_PAUSE_S)
            answers = yield from do(make)
            heard |= self.heard([node for node, bits in answers.items() if bits])
            if not self.silent:
                break
        return heard

    def remove_silent(self) -> Plan[set[int]]:
        """Take the bonds of the silent back; the addresses of those that did not acknowledge."""
        left = set(self.silent)
        user_data = frc.acknowledged_broadcast(*NODE_REMOVE_BOND.key, ANY_HWPID)
        for _ in range(1 + self.settings.retries):
            if not left:
                break
            yield from self._say(WaveCode.REMOVING)
            left -= yield from self._acknowledged(sorted(left), user_data)
        for node in list(self.silent):
            yield from self.forget(node)
        return left - self.bonds.keys()

    def forget(self, node: int) -> Plan[None]:
        """Let the coordinator forget a node; it stays among the members where that fails."""
        try:
            yield from ask(remove_bond(node))
        except DpaError:
            if node in (yield from ask(bonded_devices())):
                return
        self.bonds.pop(node, None)
        self.silent.pop(node, None)

    def restart(self) -> Plan[None]:
        """Restart all nodes; who does not hear of it is no reason to fail."""
        user_data = frc.acknowledged_broadcast(*OS_RESTART.key, ANY_HWPID)
        left = set(self.bonds)
        for _ in range(1 + self.settings.retries):
            if not left:
                break
            left -= yield from self._acknowledged(sorted(left), user_data)

    def _acknowledged(self, nodes: list[int], user_data: bytes) -> Plan[set[int]]:
        """Who of the nodes has executed a command; nobody where the FRC failed."""
        step = partial(frc_steps.read, frc.ACK_BROADCAST_BITS, nodes, user_data)
        try:
            answers = yield from do(step)
        except DpaError:
            return set()
        return {node for node, bits in answers.items() if bits & _DONE}
