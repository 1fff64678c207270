"""DpaValue: what the DpaValue of every response means, which can be read only by setting it."""

from attrs import define, field

from protocol.dpa.peripherals.coordinator import set_dpa_params
from protocol.iqmesh.plan import Plan, PutBack, ask, borrow
from protocol.network.parameters import DEFAULTS, Parameters

TYPE = 0b11
"""Bits of the parameter that choose what DpaValue means; others switch LEDs and diagnostics."""


@define(eq=False)
class DpaValue:
    """Get the type of DpaValue, or set it to `wanted`; the other bits stay as they are."""

    wanted: int | None = None
    type: int | None = field(default=None, init=False)
    """The result."""

    def plan(self, known: Parameters) -> Plan[None]:
        """See Service."""
        likely = known.merged(DEFAULTS).dpa_value or 0
        if self.wanted is None:
            before = yield from borrow(Parameters(dpa_value=likely))
            yield PutBack(needless=False)
            assert before.dpa_value is not None
            self.type = before.dpa_value & TYPE
            return
        value = likely & ~TYPE | self.wanted
        answered = yield from ask(set_dpa_params(value))
        if answered & ~TYPE != value & ~TYPE:
            yield from ask(set_dpa_params(answered & ~TYPE | self.wanted))
        self.type = self.wanted
