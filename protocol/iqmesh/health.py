"""HealthReport: how well each node is heard, over several rounds; the worst come first."""

from collections.abc import Mapping

from attrs import define, field

from protocol.dpa import frc
from protocol.dpa.packet import COORDINATOR
from protocol.dpa.peripherals.coordinator import MAX_AUTHORIZED, bonded_devices
from protocol.dpa.peripherals.memory import eeeprom_read
from protocol.dpa.peripherals.node import validate_bonds
from protocol.dpa.peripherals.os import OS_READ, rssi_dbm, supply_volts
from protocol.iqmesh import mids
from protocol.iqmesh.plan import Plan, Progress, ask
from protocol.iqmesh.polling import poll, poll_once
from protocol.iqmesh.records import REPLACED, kept
from protocol.iqmesh.statuses import no_bonded_nodes
from protocol.network.parameters import Parameters
from protocol.network.tables import PARENTS, VRNS, ZONES, Table

_RSSI, _SUPPLY = 8, 9
"""Where the answer to OS Read has them."""


@define(eq=False)
class HealthReport:
    """Ask all nodes `rounds` times whether they are there, then what they hear and are fed with.

    Nothing is changed, and others get on the radio between the FRCs. What is known by a cancel is
    kept: `done` rounds, and by node the answers that it gave.
    """

    rounds: int
    done: int = field(default=0, init=False)
    answers: dict[int, int] = field(factory=dict, init=False)
    vrns: Mapping[int, int] = field(factory=dict, init=False)
    zones: Mapping[int, int] = field(factory=dict, init=False)
    """Counted from 1, 0 for nodes that are not discovered."""
    parents: Mapping[int, int] = field(factory=dict, init=False)
    """VRNs."""
    _rssi: Mapping[int, int] = field(factory=dict, init=False)
    _supply: Mapping[int, int] = field(factory=dict, init=False)

    def plan(self, _known: Parameters) -> Plan[None]:
        """See Service."""
        nodes = yield from ask(bonded_devices())
        if not nodes:
            raise no_bonded_nodes()
        yield from self._bar_replaced(nodes)
        self.answers = dict.fromkeys(sorted(nodes), 0)
        self.vrns = yield from _table(VRNS, nodes)
        self.zones = yield from _table(ZONES, nodes)
        self.parents = yield from _table(PARENTS, nodes)
        for number in range(self.rounds):
            yield Progress(number, self.rounds)
            heard = yield from poll_once(frc.PING, nodes, bytes(frc.MIN_USER_DATA), told=False)
            for node, bits in heard.items():
                self.answers[node] += bool(bits)
            self.done += 1
        present = [node for node, answers in self.answers.items() if answers]
        if present:
            self._rssi = yield from poll(frc.MEMORY_READ, present, _of_os_read(_RSSI))
            self._supply = yield from poll(frc.MEMORY_READ, present, _of_os_read(_SUPPLY))

    def _bar_replaced(self, nodes: frozenset[int]) -> Plan[None]:
        """Let modules leave that were replaced, and listen to their former address still."""
        told = yield from kept(REPLACED)
        replaced = {int(address): mid for address, mid in (told or {}).items()}
        table = yield from mids.at(nodes & replaced.keys())
        pairs = sorted(table.items() & replaced.items())
        for start in range(0, len(pairs), MAX_AUTHORIZED):
            yield from ask(validate_bonds(*pairs[start : start + MAX_AUTHORIZED]))

    def rssi(self, node: int) -> int | None:
        """The strength of its last reception in dBm, None where it is not known."""
        return rssi_dbm(self._rssi.get(node, 0))

    def volts(self, node: int) -> float | None:
        """Its supply voltage, None where it is not known."""
        return supply_volts(self._supply.get(node, 0))

    @property
    def worst_first(self) -> list[int]:
        """The nodes by missed answers, then by how weakly they hear."""
        return sorted(self.answers, key=lambda node: (self.answers[node], self.rssi(node) or 0))


def _of_os_read(offset: int) -> bytes:
    return frc.memory_read(frc.RESPONSE_BUFFER + offset, *OS_READ.key)


def _table(table: Table, nodes: frozenset[int]) -> Plan[dict[int, int]]:
    """The byte of each node in a table of the coordinator."""
    values = dict[int, int]()
    for read in table.reads(nodes):
        call = eeeprom_read(COORDINATOR, read.memory_address, read.length)
        values |= {node: record[0] for node, record in read.records((yield from ask(call))).items()}
    return {node: values[node] for node in sorted(nodes)}
