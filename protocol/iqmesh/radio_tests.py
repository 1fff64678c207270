"""MaintenanceTestRF and MaintenanceFrcResponseTime: what devices hear, how long they take."""

from collections.abc import Mapping

from attrs import define, field

from protocol.dpa import frc
from protocol.dpa.fields import octets
from protocol.dpa.peripherals.coordinator import bonded_devices
from protocol.dpa.peripherals.os import os_test_rf_signal
from protocol.iqmesh.plan import Plan, PutBack, ask, borrow
from protocol.iqmesh.polling import poll
from protocol.iqmesh.statuses import ServiceFailure, no_bonded_nodes
from protocol.network.parameters import Parameters

TIMES_MS = (40, 360, 680, 1320, 2600, 5160, 10280, 20620)
"""How long nodes can measure, by the response time (bits 4-6 of the FRC parameters)."""

HIGHEST_CHANNEL = 67
NOBODY_RESPONDED = 1004
NOBODY_HANDLED = 1005

UNHANDLED = 0xFF
"""Value of a node that has no handler for the event."""


@define(eq=False)
class TestRf:
    """Count signals on a channel for `time_ms`: the coordinator, or all nodes (`everybody`)."""

    __test__ = False  # pytest would take it for a test by its name

    everybody: bool
    channel: int
    rx_filter: int
    time_ms: int
    nodes: frozenset[int] | None = field(default=None, init=False)
    """Who is bonded; None until it is known."""
    values: Mapping[int, int] | None = field(default=None, init=False)
    """By address: 0 for silence, otherwise one more than was counted."""

    def plan(self, _known: Parameters) -> Plan[None]:
        """See Service."""
        self.nodes = yield from ask(bonded_devices())
        channel = self.channel if self.channel <= HIGHEST_CHANNEL else 0
        if not self.everybody:
            measure = os_test_rf_signal(channel, self.rx_filter, self.time_ms // 10)
            self.values = {0: (yield from ask(measure))}
            return
        if not self.nodes:
            raise no_bonded_nodes()
        # The nodes measure for as long as they are given to respond.
        yield from borrow(Parameters(frc_response_time=TIMES_MS.index(self.time_ms) << 4))
        user_data = octets(channel=channel, rx_filter=self.rx_filter)
        self.values = yield from poll(frc.TEST_RF_SIGNAL, self.nodes, user_data)
        yield PutBack()


@define(eq=False)
class FrcResponseTime:
    """How long the nodes take to answer the FRC `command`."""

    command: int
    before: int = field(default=0, init=False)
    """The FRC parameters that the coordinator has."""
    values: Mapping[int, int] | None = field(default=None, init=False)
    """By address: 0 for silence, 0xFF without a handler, otherwise the time as FRC parameters."""

    def plan(self, _known: Parameters) -> Plan[None]:
        """See Service."""
        nodes = yield from ask(bonded_devices())
        if not nodes:
            raise no_bonded_nodes()
        before = yield from borrow(Parameters(frc_response_time=0))
        self.before = before.frc_response_time or 0
        user_data = octets(command=self.command).ljust(frc.MAX_SELECTIVE_USER_DATA, b"\0")
        values = yield from poll(frc.FRC_RESPONSE_TIME, nodes, user_data)
        yield PutBack()
        if not any(values.values()):
            raise ServiceFailure(NOBODY_RESPONDED, "No node in network responded.")
        if all(value in (0, UNHANDLED) for value in values.values()):
            raise ServiceFailure(
                NOBODY_HANDLED, "No node in network handled FRC response time event."
            )
        self.values = values

    @property
    def current_ms(self) -> int:
        """The response time that the coordinator has."""
        return frc.response_time_ms(self.before)

    def time_ms(self, node: int) -> int | None:
        """How long this node takes, None where it did not say."""
        value = (self.values or {}).get(node, 0)
        return None if value in (0, UNHANDLED) else frc.response_time_ms(value)

    @property
    def recommended_ms(self) -> int:
        """As long as the slowest node takes."""
        times = (self.time_ms(node) for node in self.values or ())
        return max((time for time in times if time is not None), default=frc.response_time_ms(0))
