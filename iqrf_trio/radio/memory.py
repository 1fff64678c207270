"""What is known of the coordinator: its version, and the parameters that it does not tell."""

from collections.abc import Awaitable, Callable

from attrs import define, evolve, field

from protocol.dpa.errors import DpaError
from protocol.dpa.frc import response_time_ms
from protocol.dpa.packet import COORDINATOR
from protocol.dpa.peripherals.exploration import enumerate_peripherals
from protocol.dpa.timing import Timing
from protocol.dpa.transaction import Outcome
from protocol.network.parameters import DEFAULTS, Parameters, observe

_ENUMERATE = enumerate_peripherals(COORDINATOR)

_LONGEST_RESPONSE_TIME = 0x70
"""FRC parameters with the longest response time."""

Recall = Callable[[int], Awaitable[Parameters]]
"""What was kept of the coordinator with this MID; does not raise."""

Note = Callable[[int, Parameters], None]
"""Is told what is to be kept of it; neither waits nor raises."""


async def recall_defaults(_coordinator: int) -> Parameters:
    """What a coordinator has after a reset, where nothing is kept of it."""
    return DEFAULTS


@define(eq=False)
class Memory:
    """The parameters of the coordinator at hand, followed from transaction to transaction."""

    _recall: Recall = recall_defaults
    _note: Note = lambda _coordinator, _parameters: None
    coordinator: int | None = field(default=None, init=False)
    """Its MID, None until it has told it."""
    parameters: Parameters = field(factory=Parameters, init=False)
    version: int | None = field(default=None, init=False)
    """Its DPA version (0x0417 = 4.17), None until it has told it."""

    async def meet(self, coordinator: int) -> None:
        """The coordinator with this MID is there."""
        if coordinator != self.coordinator:
            self.coordinator, self.parameters = coordinator, await self._recall(coordinator)

    def observe(self, outcome: Outcome) -> None:
        """Learn from a transaction, whoever's it was."""
        if outcome.request == _ENUMERATE.request:
            self.version = _version_in(outcome) or self.version
        if outcome.response is None:
            return
        parameters = observe(self.parameters, outcome.request, outcome.response)
        if parameters is not self.parameters:
            self._become(parameters)

    def reset(self) -> None:
        """The coordinator has reported its reset."""
        self._become(DEFAULTS)

    def timing(self, timing: Timing) -> Timing:
        """`timing` with the response time of FRCs; the longest one where it is not known.

        An FRC that is waited for too short a time would be lost.
        """
        params = self.parameters.frc_response_time
        longest = _LONGEST_RESPONSE_TIME if params is None else params
        return evolve(timing, frc_response_ms=response_time_ms(longest))

    def _become(self, parameters: Parameters) -> None:
        if parameters != self.parameters:
            self.parameters = parameters
            if self.coordinator is not None:
                self._note(self.coordinator, parameters)


def _version_in(outcome: Outcome) -> int | None:
    try:
        return outcome.value(_ENUMERATE).dpa
    except DpaError:
        return None
