"""Ping and Restart: one FRC to all nodes, and one more to those of which nothing was heard."""

from collections.abc import Mapping
from functools import partial

from attrs import define, field

from protocol.dpa import frc, frc_steps
from protocol.dpa.packet import ANY_HWPID
from protocol.dpa.peripherals.coordinator import bonded_devices
from protocol.dpa.peripherals.node import NODE_READ
from protocol.dpa.peripherals.os import OS_RESTART
from protocol.iqmesh.plan import Plan, Progress, PutBack, ask, borrow, do
from protocol.iqmesh.statuses import no_bonded_nodes
from protocol.network.parameters import Parameters

_DONE = 0b01
"""Bit of an acknowledged broadcast: the node has executed the command."""


@define(eq=False)
class Ping:
    """Which nodes answer; with a `hwpid` those alone that have it."""

    hwpid: int = ANY_HWPID
    nodes: frozenset[int] | None = field(default=None, init=False)
    """Who is bonded; None until it is known."""
    answers: Mapping[int, int] | None = field(default=None, init=False)
    """The two bits that each node said, 0 for silence; None until the first FRC is over."""

    def plan(self, _known: Parameters) -> Plan[None]:
        """See Service."""
        self.nodes = yield from ask(bonded_devices())
        if not self.nodes:
            raise no_bonded_nodes()
        command, user_data = self._question()
        # The nodes answer at once what is asked here, so that a longer response time only costs
        # time.
        yield from borrow(Parameters(frc_response_time=0), needed=False)
        yield Progress(0, len(self.nodes))
        self.answers = yield from do(partial(frc_steps.read_all, command, self.nodes, user_data))
        if silent := self.silent:
            yield Progress(len(self.nodes) - len(silent), len(self.nodes))
            # One lost answer is no reason to call a node offline.
            again = partial(frc_steps.read, command, silent, user_data)
            self.answers = {**self.answers, **(yield from do(again))}
        yield PutBack()

    @property
    def silent(self) -> list[int]:
        """The nodes that said nothing, ascending."""
        return [node for node, bits in (self.answers or {}).items() if not bits]

    def accessible(self, node: int) -> bool:
        """Whether the node did what was asked."""
        return bool((self.answers or {}).get(node, 0) & _DONE)

    def other_hwpid(self, node: int) -> bool:
        """Whether the node was heard, but has another HWPID."""
        return not self.accessible(node) and node not in self.silent

    def _question(self) -> tuple[int, bytes]:
        if self.hwpid == ANY_HWPID:
            return frc.PING, bytes(frc.MIN_USER_DATA)
        return frc.ACK_BROADCAST_BITS, frc.acknowledged_broadcast(*NODE_READ.key, self.hwpid)


@define(eq=False)
class Restart(Ping):
    """Restart all nodes, or those with a `hwpid`; who has done it has answered."""

    def _question(self) -> tuple[int, bytes]:
        return frc.ACK_BROADCAST_BITS, frc.acknowledged_broadcast(*OS_RESTART.key, self.hwpid)
