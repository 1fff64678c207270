"""What is known of the coordinator that it does not tell: its volatile parameters."""

from collections.abc import Awaitable, Callable

from attrs import define, evolve, field

from protocol.dpa.frc import response_time_ms
from protocol.dpa.timing import Timing
from protocol.dpa.transaction import Outcome
from protocol.network.parameters import DEFAULTS, Parameters, observe

Recall = Callable[[int], Awaitable[Parameters]]
"""What was kept of the coordinator with this MID; does not raise."""

Note = Callable[[int, Parameters], None]
"""Is told what is to be kept of it; neither waits nor raises."""


async def recall_nothing(_coordinator: int) -> Parameters:
    """As for a coordinator that was never seen."""
    return Parameters()


@define(eq=False)
class Memory:
    """The parameters of the coordinator at hand, followed from transaction to transaction."""

    _recall: Recall = recall_nothing
    _note: Note = lambda _coordinator, _parameters: None
    coordinator: int | None = field(default=None, init=False)
    """Its MID, None until it has told it."""
    parameters: Parameters = field(factory=Parameters, init=False)

    async def meet(self, coordinator: int) -> None:
        """The coordinator with this MID is there."""
        if coordinator != self.coordinator:
            self.coordinator, self.parameters = coordinator, await self._recall(coordinator)

    def observe(self, outcome: Outcome) -> None:
        """Learn from a transaction, whoever's it was."""
        if outcome.response is not None:
            self._become(observe(self.parameters, outcome.request, outcome.response))

    def reset(self) -> None:
        """The coordinator has reported its reset."""
        self._become(DEFAULTS)

    def timing(self, timing: Timing) -> Timing:
        """`timing` with the response time of FRCs; the default where it is not known."""
        params = self.parameters.frc_response_time or 0
        return evolve(timing, frc_response_ms=response_time_ms(params))

    def _become(self, parameters: Parameters) -> None:
        if parameters != self.parameters:
            self.parameters = parameters
            if self.coordinator is not None:
                self._note(self.coordinator, parameters)
