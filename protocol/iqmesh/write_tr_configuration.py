"""WriteTrConf: bytes of the configuration, and keys, are written to one device or to all nodes."""

from collections.abc import Iterator, Sequence
from functools import partial

from attrs import define, field

from protocol.dpa import frc, frc_steps
from protocol.dpa.attempts import nobody_can_be_asked
from protocol.dpa.errors import DpaError
from protocol.dpa.packet import ANY_HWPID, BROADCAST, COORDINATOR
from protocol.dpa.peripherals.coordinator import bonded_devices
from protocol.dpa.peripherals.exploration import enumerate_peripherals
from protocol.dpa.peripherals.os import (
    OS_SET_SECURITY,
    OS_WRITE_CONFIG_BYTE,
    os_read_config,
    os_write_config_byte,
)
from protocol.dpa.pnum import COORDINATOR_PNUM, OS
from protocol.dpa.step import Step
from protocol.iqmesh.plan import Plan, Progress, PutBack, ask, borrow, do
from protocol.iqmesh.statuses import FAILED, ServiceFailure, no_bonded_nodes
from protocol.iqmesh.tr_settings import Triplet, TrSettings
from protocol.network.configurations import Configuration
from protocol.network.parameters import Parameters

_WRITTEN, _OTHER_HWPID = 0b01, 0b10
"""Bits of an acknowledged broadcast."""

_HEADER = 5
"""Bytes of an acknowledged broadcast in front of the data of its request."""
_TRIPLET = 3
_PER_BROADCAST = (frc.MAX_USER_DATA - _HEADER) // _TRIPLET
_PER_SELECTIVE = (frc.MAX_SELECTIVE_USER_DATA - _HEADER) // _TRIPLET


@define(eq=False)
class WriteTrConf:
    """Write `settings` to the device at `address` (255: all nodes), if it has the HWPID.

    One device is read back; of many their acknowledgements have to do, since an FRC brings no more
    than four bytes of 15 nodes. Keys cannot be read.
    """

    address: int
    settings: TrSettings
    hwpid: int = ANY_HWPID
    done: bool = field(default=False, init=False)
    restart_needed: bool = field(default=False, init=False)
    """Whether what was written takes effect only after a restart."""
    silent: Sequence[int] = field(default=(), init=False)
    """Of all nodes: those that did not acknowledge everything."""
    others: Sequence[int] = field(default=(), init=False)
    """Of all nodes: those with another HWPID, which have written nothing."""
    nodes: frozenset[int] = field(default=frozenset(), init=False)

    def plan(self, _known: Parameters) -> Plan[None]:
        """See Service."""
        coordinator = yield from ask(enumerate_peripherals(COORDINATOR))
        if not (coordinator.implements(COORDINATOR_PNUM) and coordinator.implements(OS)):
            raise ServiceFailure(FAILED, "The coordinator lacks the peripherals for it.")
        self.nodes = yield from ask(bonded_devices())
        if self.address == BROADCAST:
            yield from self._everybody(coordinator.dpa)
            return
        dpa = coordinator.dpa
        if self.address != COORDINATOR:
            dpa = (yield from ask(enumerate_peripherals(self.address))).dpa
        yield from self._one(dpa)

    @property
    def matched(self) -> bool:
        """Whether anybody has the HWPID, as far as is known."""
        return self.address != BROADCAST or len(self.others) + len(self.silent) < len(self.nodes)

    def _one(self, dpa: int) -> Plan[None]:
        triplets = self.settings.triplets(dpa, node=self.address != COORDINATOR)
        if triplets:
            write = os_write_config_byte(self.address, *triplets)
            yield from ask(write.for_hwpid(self.hwpid))
            yield from self._read_back(triplets)
        for data in self.settings.secrets():
            yield from ask(OS_SET_SECURITY.call(self.address, data).for_hwpid(self.hwpid))
        self.restart_needed = self.settings.need_restart(dpa)
        self.done = True

    def _read_back(self, triplets: Sequence[Triplet]) -> Plan[None]:
        """Compare what was written with what the device has; raises ServiceFailure.

        A device that has acknowledged the bytes and then keeps silent is taken at its word.
        """
        try:
            read = yield from ask(os_read_config(self.address).for_hwpid(self.hwpid))
        except DpaError as error:
            if nobody_can_be_asked(error):
                raise
            return
        kept = Configuration(read.settings, read.rfpgm)
        wrong = [f"0x{each[0]:02X}" for each in triplets if kept.written([each]) != kept]
        if wrong:
            text = f"The device does not have what was written, at {', '.join(wrong)}."
            raise ServiceFailure(FAILED, text)

    def _everybody(self, dpa: int) -> Plan[None]:
        if not self.nodes:
            raise no_bonded_nodes()
        yield from borrow(Parameters(frc_response_time=0))
        triplets = self.settings.triplets(dpa, node=True)
        requests = [*_writes(triplets, _PER_BROADCAST), *self._secrets()]
        answers = dict.fromkeys(self.nodes, _WRITTEN)
        for number, request in enumerate(requests):
            yield Progress(number, len(requests))
            heard = yield from do(partial(_send_all, request, self.hwpid, self.nodes))
            if silent := [node for node, bits in heard.items() if not bits]:
                heard |= yield from self._again(request, silent)
            answers = {node: answers[node] and heard[node] for node in answers}
        yield PutBack()
        self.silent = [node for node, bits in sorted(answers.items()) if not bits]
        self.others = [node for node, bits in sorted(answers.items()) if bits == _OTHER_HWPID]
        self.restart_needed = self.settings.need_restart(dpa)
        self.done = not self.silent and len(self.others) < len(self.nodes)

    def _secrets(self) -> Iterator["_Request"]:
        for data in self.settings.secrets():
            yield (*OS_SET_SECURITY.key, data)

    def _again(self, request: "_Request", silent: Sequence[int]) -> Plan[dict[int, int]]:
        """Send a request once more to those of which nothing was heard."""
        pnum, pcmd, data = request
        parts: list[_Request] = [request]
        if (pnum, pcmd) == OS_WRITE_CONFIG_BYTE.key:
            # A selective FRC has less room.
            size = _PER_SELECTIVE * _TRIPLET
            parts = [
                (pnum, pcmd, data[start : start + size]) for start in range(0, len(data), size)
            ]
        answers = dict.fromkeys(silent, _WRITTEN)
        for part in parts:
            heard = yield from do(partial(_send, part, self.hwpid, silent))
            answers = {node: answers[node] and heard[node] for node in silent}
        return answers


_Request = tuple[int, int, bytes]
"""PNUM, PCMD and PDATA of what the nodes are to do."""


def _writes(triplets: Sequence[Triplet], room: int) -> Iterator[_Request]:
    for start in range(0, len(triplets), room):
        data = b"".join(bytes(triplet) for triplet in triplets[start : start + room])
        yield (*OS_WRITE_CONFIG_BYTE.key, data)


def _send_all(request: _Request, hwpid: int, nodes: frozenset[int]) -> Step[dict[int, int]]:
    pnum, pcmd, data = request
    user_data = frc.acknowledged_broadcast(pnum, pcmd, hwpid, data)
    return frc_steps.read_all(frc.ACK_BROADCAST_BITS, nodes, user_data)


def _send(request: _Request, hwpid: int, nodes: Sequence[int]) -> Step[dict[int, int]]:
    pnum, pcmd, data = request
    user_data = frc.acknowledged_broadcast(pnum, pcmd, hwpid, data)
    return frc_steps.read(frc.ACK_BROADCAST_BITS, nodes, user_data)
