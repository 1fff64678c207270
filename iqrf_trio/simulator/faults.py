"""What can be made to go wrong between a gateway and a simulated mesh."""

from collections.abc import Callable
from enum import Enum

from attrs import define, field

from protocol.dpa.packet import Request

Condition = Callable[[Request], bool]


class Fault(Enum):
    """A fault; where it says VALUE, that comes with the fault when it is armed."""

    SILENT = "the coordinator does not react to a request at all"
    NO_CONFIRMATION = "the confirmation is lost on the way to the gateway"
    NO_RESPONSE = "the request is executed, but its response is lost"
    TWO_RESPONSES = "the response comes twice"
    LATE_RESPONSE = "the response comes VALUE seconds later than it should"
    GARBAGE = "VALUE bytes that are no DPA frame come just before the response"
    CUT_RESPONSE = "only the first VALUE bytes of PDATA come"
    REFUSAL = "nothing is executed, the response code is VALUE"
    FRC_STATUS = "an FRC ends with status VALUE and no data"


@define
class _Armed:
    fault: Fault
    value: float
    times: int | None
    when: Condition


@define
class Faults:
    """The faults that are armed, in the order in which they were."""

    _armed: list[_Armed] = field(factory=list)

    def arm(
        self,
        fault: Fault,
        value: float = 0,
        *,
        times: int | None = 1,
        when: Condition = lambda _: True,
    ) -> None:
        """Let `fault` strike the next `times` requests (None: all) for which `when` is true."""
        self._armed.append(_Armed(fault, value, times, when))

    def disarm(self) -> None:
        """Let everything work again."""
        self._armed.clear()

    def strike(self, fault: Fault, request: Request) -> float | None:
        """The value of `fault` if it strikes `request`, which uses it up once; None if not."""
        for armed in self._armed:
            if armed.fault is fault and armed.when(request):
                if armed.times is not None:
                    armed.times -= 1
                    if not armed.times:
                        self._armed.remove(armed)
                return armed.value
        return None
