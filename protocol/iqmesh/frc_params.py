"""FrcParams: response time and offline FRC, which can be read only by setting them."""

from attrs import define, field

from protocol.dpa.peripherals.frc import frc_set_params
from protocol.iqmesh.plan import Plan, PutBack, ask, borrow
from protocol.network.parameters import DEFAULTS, OFFLINE_FRC, Parameters

RESPONSE_TIME = 0x70
"""Bits of the FRC parameters with the response time (DPA guide, "FRC Set params")."""


@define(eq=False)
class FrcParams:
    """Get the FRC parameters, or set them to `wanted`."""

    wanted: int | None = None
    params: int | None = field(default=None, init=False)
    """The result."""

    def plan(self, known: Parameters) -> Plan[None]:
        """See Service."""
        if self.wanted is not None:
            yield from ask(frc_set_params(self.wanted))
            self.params = self.wanted
            return
        likely = known.merged(DEFAULTS).frc_response_time
        before = yield from borrow(Parameters(frc_response_time=likely))
        yield PutBack(needless=False)
        self.params = before.frc_response_time

    @property
    def response_time(self) -> int:
        """The response time as its bits, 0 to 0x70."""
        return (self.params or 0) & RESPONSE_TIME

    @property
    def offline(self) -> bool:
        """Whether the next FRC is an offline one."""
        return bool((self.params or 0) & OFFLINE_FRC)
