"""The last step to the gateway: answers go to the outbox, unless a fault has its way with them."""

from attrs import define, evolve, field

from iqrf_trio.simulator.counters import Kind, kind_of
from iqrf_trio.simulator.faults import Fault, Faults
from iqrf_trio.simulator.outbox import Outbox
from protocol.dpa.frc import FRC_DATA
from protocol.dpa.packet import Confirmation, Request, Response
from protocol.dpa.peripherals.frc import FrcAnswer

_NOISE = 0xA5
"""What garbage is made of."""


@define(eq=False)
class Delivery:
    """Hands confirmations and responses to `outbox`."""

    outbox: Outbox = field(factory=Outbox)
    faults: Faults = field(factory=Faults)

    def confirm(self, request: Request, confirmation: Confirmation, at: float) -> None:
        """Let the confirmation of `request` reach the gateway at the time `at`."""
        if self.faults.strike(Fault.NO_CONFIRMATION, request) is None:
            self.outbox.add(confirmation.encode(), at)

    def respond(self, request: Request, response: Response, at: float) -> bool:
        """Let the response to `request` reach the gateway; False if it does not."""
        strike = self.faults.strike
        if strike(Fault.NO_RESPONSE, request) is not None:
            return False
        frame = self._spoilt(request, response).encode()
        size = strike(Fault.GARBAGE, request)
        if size is not None:
            self.outbox.add(bytes((_NOISE,)) * int(size), at)
        at += strike(Fault.LATE_RESPONSE, request) or 0
        times = 1 if strike(Fault.TWO_RESPONSES, request) is None else 2
        for _ in range(times):
            self.outbox.add(frame, at)
        return True

    def _spoilt(self, request: Request, response: Response) -> Response:
        if kind_of(request) is Kind.FRC:
            status = self.faults.strike(Fault.FRC_STATUS, request)
            if status is not None:
                pdata = FrcAnswer(int(status), bytes(FRC_DATA)).encode()
                response = evolve(response, pdata=pdata)
        length = self.faults.strike(Fault.CUT_RESPONSE, request)
        return response if length is None else evolve(response, pdata=response.pdata[: int(length)])
