"""DpaHops: the hops of requests and responses, which can be read only by setting them."""

from attrs import define, field

from protocol.dpa.peripherals.coordinator import Hops, set_hops
from protocol.iqmesh.plan import Plan, PutBack, ask, borrow
from protocol.network.parameters import DEFAULTS, Parameters


@define(eq=False)
class DpaHops:
    """Get the hops, or set them to `wanted`."""

    wanted: Hops | None = None
    hops: Hops | None = field(default=None, init=False)
    """The result."""

    def plan(self, known: Parameters) -> Plan[None]:
        """See Service."""
        if self.wanted is not None:
            yield from ask(set_hops(self.wanted.request, self.wanted.response))
            self.hops = self.wanted
            return
        # What is set to read it is what it most likely is: then nothing changes meanwhile.
        likely = known.merged(DEFAULTS)
        before = yield from borrow(Parameters(rx_hops=likely.rx_hops, tx_hops=likely.tx_hops))
        yield PutBack(needless=False)
        assert before.tx_hops is not None
        assert before.rx_hops is not None
        self.hops = Hops(before.tx_hops, before.rx_hops)
